"""Before encoding: find or fit the codec, check it against the source, claim the destination."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from ae_pipeline.codec.archive import save_archive_codec
from ae_pipeline.codec.features import save_features_codec
from ae_pipeline.columns import resolve_roles
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import (
    Source,
    check_names,
    find_source,
    fittable,
    folders_of,
    fragment_schema,
    sparing,
    tell_ignored,
    typical_schema,
)
from ae_pipeline.errors import (
    AePipelineError,
    CodecMismatchError,
    CodecNotFoundError,
    ConfigError,
    CorruptCodecError,
    FlattenedColumnError,
)
from ae_pipeline.fitting import fit_archive_codec, fit_codec
from ae_pipeline.formats import (
    ArchiveFormat,
    FeaturesFormat,
    FragmentFormat,
    check_block_name,
    check_codec_kind,
    check_new_names,
    check_schema,
    check_settings,
    find_format,
)
from ae_pipeline.fragments import EncodePlan
from ae_pipeline.publish import remove_tree
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import (
    Kind,
    Marker,
    check_apart,
    check_claim,
    checkpoint_directory,
    claim,
    codec_directory,
    read_notes,
)
from ae_pipeline.upkeep import check_leftovers

logger = logging.getLogger(__name__)


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
    found = _format_at_hand(job, kind, source, destination, may_replace)
    if may_replace:
        check_leftovers(job, kind, source, destination, found)
    format = found or _fit_for(job, kind, source, destination, progress)
    if found is None:
        _check_format(job, kind, source, format)
    marker, may_change = Marker(kind, format.codec_id), job.execution.force or is_backfill
    check_claim(destination, marker, job.execution.force, may_change)
    _save(format, codec_directory(destination, format.codec_id))
    claim(destination, marker, job.execution.force, may_change)
    remove_tree(checkpoint_directory(destination))
    return EncodePlan(
        fragments=source.fragments,
        destination=str(destination),
        codec_id=format.codec_id,
        latent_column=job.latent_column,
        force=job.execution.force,
        retired={} if may_replace else _returned(source, destination),
        doubted=frozenset(read_notes(destination, "failed")),
        accepts_changes=job.columns.accept_changes,
        spared=folders_of(source),
    )


def _format_at_hand(
    job: EncodeJob, kind: Kind, source: Source, destination: Path, may_replace: bool
) -> FragmentFormat | None:
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
        found = find_format(job, destination)
        if found is not None:
            _check_format(job, kind, source, found)
            check_settings(job, found)
    except (CodecNotFoundError, CorruptCodecError, CodecMismatchError, ConfigError) as error:
        if not may_replace or job.codec is not None:
            raise
        logger.warning("%s: another codec is fitted for it: %s", destination, error.what)
        return None
    return found


def _check_format(job: EncodeJob, kind: Kind, source: Source, format: FragmentFormat) -> None:
    """Raise unless a codec is of the kind, and the names and columns of the source suit it."""
    check_codec_kind(format, kind)
    _check_some_fit(source, format)
    _check_names(job, format)


def _fit_for(
    job: EncodeJob, kind: Kind, source: Source, destination: Path, progress: Progress
) -> FragmentFormat:
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
        return ArchiveFormat(codec)
    check_new_names(roles, job.latent_column)
    _claim_first(destination, Marker(kind), job.execution.force)
    return FeaturesFormat(fit_codec(job, source, checkpoint, progress), job.latent_column)


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


def _save(format: FragmentFormat, directory: Path) -> None:
    if isinstance(format, ArchiveFormat):
        save_archive_codec(format.codec, directory)
    elif isinstance(format, FeaturesFormat):
        save_features_codec(format.codec, directory)


def _check_names(job: EncodeJob, format: FragmentFormat) -> None:
    if format.kind == "archive":
        check_block_name(format.schema.arrow.names)
    else:
        check_new_names(format.schema, job.latent_column)


def _check_some_fit(source: Source, format: FragmentFormat) -> None:
    """Raise the codec's complaint if not a single fragment suits it; else fragments tell."""
    complaint: AePipelineError | None = None
    for fragment in source.fragments:
        try:
            check_schema(format, fragment_schema(fragment), fragment.relative)
        except (AePipelineError, OSError) as error:
            complaint = complaint or (error if isinstance(error, AePipelineError) else None)
        else:
            return
    if complaint is not None:
        raise complaint
