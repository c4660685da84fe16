"""Before encoding: find or fit the codec, check it against the source, claim the destination."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ae_pipeline.archive import ArchiveCoder
from ae_pipeline.codec import save_archive_codec, save_codec
from ae_pipeline.config import EncodeJob
from ae_pipeline.errors import (
    AePipelineError,
    CodecMismatchError,
    CodecNotFoundError,
    ConfigError,
    CorruptCodecError,
    FlattenedColumnError,
)
from ae_pipeline.features import FeaturesCoder, check_new_names
from ae_pipeline.pipeline.apart import folders_of, sparing
from ae_pipeline.pipeline.coders import (
    check_block_name,
    check_schema,
    check_settings,
    find_coder,
    open_coder,
)
from ae_pipeline.pipeline.destination import check_apart, check_claim, claim
from ae_pipeline.pipeline.fit import fit_codec
from ae_pipeline.pipeline.fit_archive import fit_archive_codec
from ae_pipeline.pipeline.leftovers import check_leftovers
from ae_pipeline.pipeline.listed import tell_ignored
from ae_pipeline.pipeline.measure import fittable, fragment_schema, typical_schema
from ae_pipeline.pipeline.original import find_source
from ae_pipeline.pipeline.twin_names import check_names
from ae_pipeline.publish import remove_tree
from ae_pipeline.results import Progress, silent
from ae_pipeline.schema import resolve_roles
from ae_pipeline.source import Fragment, Source
from ae_pipeline.storage import (
    Coder,
    Kind,
    Marker,
    checkpoint_directory,
    codec_directory,
    read_notes,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodePlan:
    """What a worker needs to encode fragments: names and paths, so that it travels cheaply.

    Args:
        fragments: all of the source.
        destination: dataset to write; the codec lies in it.
        codec_id: the codec to use.
        latent_column: name of the latent column, for features.
        force: encode what is current, too.
        retired: notes of sources that were deleted after verification, by fragment; what the
            archive holds of them is not replaced.
        codecs: ids of other codecs, by the partitions that get these.
        vanished: fragments that were planned and are gone from the source since.
        doubted: fragments whose last attempt or verification failed, whatever their footers say.
        accepts_changes: columns that decode cannot write as their source has them are encoded.
        spared: folders of the whole source, in which nothing is written.
    """

    fragments: tuple[Fragment, ...]
    destination: str
    codec_id: str
    latent_column: str
    force: bool
    retired: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    codecs: Mapping[str, str] = field(default_factory=dict)
    doubted: frozenset[str] = frozenset()
    vanished: tuple[str, ...] = ()
    accepts_changes: bool = False
    spared: tuple[str, ...] = ()

    def codec_of(self, fragment: Fragment) -> str:
        """Id of the codec that a fragment gets."""
        return self.codecs.get(fragment.partition, self.codec_id)

    def open_coders(self) -> dict[str, Coder]:
        """Load every codec that a fragment gets from the destination, by its id."""
        ids = dict.fromkeys(map(self.codec_of, self.fragments)) or {self.codec_id: None}
        directories = {name: codec_directory(Path(self.destination), name) for name in ids}
        return {name: open_coder(path, self.latent_column) for name, path in directories.items()}


@sparing("source")
def plan_encode(
    job: EncodeJob, progress: Progress = silent, is_backfill: bool = False
) -> EncodePlan:
    """Everything that can go wrong for the job as a whole goes wrong here.

    Args:
        job: what to encode.
        progress: told of measuring and training.
        is_backfill: fragments of former codecs may stay beside those of the codec at hand.

    Raises:
        AePipelineError: of the source, the codec, the settings or the destination.
    """
    destination = Path(job.archive or job.features or "")
    # Another run may have deleted what was planned, once it had verified it.
    retired = read_notes(destination, "retired") if is_backfill else {}
    source = find_source(job.source, retired, destination)
    if not is_backfill:  # whose plan has told
        tell_ignored(source, job.source)
    kind: Kind = "features" if job.archive is None else "archive"
    check_apart(source, destination)
    check_names(destination, source.fragments)
    may_replace = job.execution.force and not is_backfill
    found = _coder_at_hand(job, kind, source, destination, may_replace)
    if may_replace:
        check_leftovers(job, kind, source, destination, found)
    coder = found or _fit_for(job, kind, source, destination, progress)
    if found is None:
        _check_coder(job, kind, source, coder)
    marker, may_change = Marker(kind, coder.codec_id), job.execution.force or is_backfill
    check_claim(destination, marker, job.execution.force, may_change)
    _save(coder, codec_directory(destination, coder.codec_id))
    claim(destination, marker, job.execution.force, may_change)
    remove_tree(checkpoint_directory(destination))
    return EncodePlan(
        fragments=source.fragments,
        destination=str(destination),
        codec_id=coder.codec_id,
        latent_column=job.latent_column,
        force=job.execution.force,
        retired={} if may_replace else _returned(source, destination),
        doubted=frozenset(read_notes(destination, "failed")),
        accepts_changes=job.columns.accept_changes,
        spared=folders_of(source),
    )


def _coder_at_hand(
    job: EncodeJob, kind: Kind, source: Source, destination: Path, may_replace: bool
) -> Coder | None:
    """The codec that was named or that the destination has; None if one is to be fitted.

    Args:
        job: what to encode.
        kind: of the destination.
        source: fragments.
        destination: dataset to write.
        may_replace: the destination's own codec gives way where it is not what is asked for.

    Raises:
        AePipelineError: the codec cannot be read, or is not what is asked for.
    """
    try:
        found = find_coder(job, destination)
        if found is not None:
            _check_coder(job, kind, source, found)
            check_settings(job, found)
    except (CodecNotFoundError, CorruptCodecError, CodecMismatchError, ConfigError) as error:
        if not may_replace or job.codec is not None:
            raise
        logger.warning("%s: another codec is fitted for it: %s", destination, error.what)
        return None
    return found


def _check_coder(job: EncodeJob, kind: Kind, source: Source, coder: Coder) -> None:
    """Raise unless a codec is of the kind, and the names and columns of the source suit it."""
    check_codec_kind(coder, kind)
    _check_some_fit(source, coder)
    _check_names(job, coder)


def _fit_for(
    job: EncodeJob, kind: Kind, source: Source, destination: Path, progress: Progress
) -> Coder:
    """Fit a codec for this destination; claimed before hours of training, so that they find it
    free, and after all that can go wrong before them.
    """  # noqa: D205
    source = fittable(source, job.columns)
    roles = resolve_roles(typical_schema(source), job.columns, job.source)
    checkpoint = checkpoint_directory(destination)
    if kind == "archive":
        check_block_name(roles.arrow.names)
        marking = partial(_claim_first, destination, Marker(kind), job.execution.force)
        with _leaving_no_trace(destination):
            check_claim(destination, Marker(kind), job.execution.force)
            codec = fit_archive_codec(job, source, checkpoint, progress, before_training=marking)
        return ArchiveCoder(codec)
    check_new_names(roles, job.latent_column)
    _claim_first(destination, Marker(kind), job.execution.force)
    return FeaturesCoder(fit_codec(job, source, checkpoint, progress), job.latent_column)


@contextmanager
def _leaving_no_trace(destination: Path) -> Iterator[None]:
    """Remove a folder that was made for nothing."""
    is_new = not destination.exists()
    try:
        yield
    except FlattenedColumnError:
        if is_new:
            with suppress(OSError):
                destination.rmdir()
        raise


def _claim_first(destination: Path, marker: Marker, force: bool) -> None:
    """Claim a destination that has no codec yet; another keeps its own until the fit is done."""
    found = check_claim(destination, marker, force)
    if found is None or found.codec_id is None:
        claim(destination, marker, force)


def _returned(source: Source, destination: Path) -> dict[str, dict[str, str]]:
    """Notes of fragments that were deleted after verification and are there all the same."""
    notes = read_notes(destination, "retired")
    known = {fragment.relative for fragment in source.fragments}
    return {relative: note for relative, note in notes.items() if relative in known}


def _save(coder: Coder, directory: Path) -> None:
    if isinstance(coder, ArchiveCoder):
        save_archive_codec(coder.codec, directory)
    elif isinstance(coder, FeaturesCoder):
        save_codec(coder.codec, directory)


def check_codec_kind(coder: Coder, kind: Kind) -> None:
    """Raise `CodecMismatchError` unless a codec writes datasets of this kind."""
    if coder.kind != kind:
        raise CodecMismatchError(
            "codec is of another kind",
            where=coder.codec_id,
            expected=kind,
            got=coder.kind,
            remedy="name another codec, or none to fit one",
        )


def _check_names(job: EncodeJob, coder: Coder) -> None:
    if coder.kind == "archive":
        check_block_name(coder.schema.arrow.names)
    else:
        check_new_names(coder.schema, job.latent_column)


def _check_some_fit(source: Source, coder: Coder) -> None:
    """Raise the codec's complaint if not a single fragment suits it; else fragments tell."""
    complaint: AePipelineError | None = None
    for fragment in source.fragments:
        try:
            check_schema(coder, fragment_schema(fragment), fragment.relative)
        except (AePipelineError, OSError) as error:
            complaint = complaint or (error if isinstance(error, AePipelineError) else None)
        else:
            return
    if complaint is not None:
        raise complaint
