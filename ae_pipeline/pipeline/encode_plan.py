"""Before encoding: find or fit the codec, check it against the source, claim the destination."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.codec import Codec, load_codec, save_codec
from ae_pipeline.config import EncodeJob
from ae_pipeline.errors import AePipelineError
from ae_pipeline.features import (
    Marker,
    check_new_names,
    checkpoint_directory,
    codec_directory,
    read_marker,
)
from ae_pipeline.pipeline.destination import check_apart, claim
from ae_pipeline.pipeline.fit import fit_codec
from ae_pipeline.pipeline.measure import common_schema, fragment_schema
from ae_pipeline.results import Progress, silent
from ae_pipeline.schema import resolve_roles
from ae_pipeline.source import Fragment, Source, discover

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodePlan:
    """What a worker needs to encode fragments: names and paths, so that it travels cheaply.

    Args:
        fragments: all of the source.
        destination: features dataset; the codec lies in it.
        codec_id: the codec to use.
        latent_column: name of the latent column.
        force: encode what is current, too.
    """

    fragments: tuple[Fragment, ...]
    destination: str
    codec_id: str
    latent_column: str
    force: bool


def plan_encode(job: EncodeJob, progress: Progress = silent) -> EncodePlan:
    """Everything that can go wrong for the job as a whole goes wrong here.

    Raises:
        AePipelineError: of the source, the codec, the settings or the destination.
    """
    source = discover(job.source)
    if source.n_ignored:
        logger.warning("%s: %d files are not Parquet, ignored", job.source, source.n_ignored)
    destination = Path(job.features)
    check_apart(source, destination)
    codec = _find_codec(job, destination) or _fit_for(job, source, destination, progress)
    _check_some_fit(source, codec)
    check_new_names(codec.schema, job.latent_column)
    claim(destination, Marker("features", codec.id), job.execution.force)
    save_codec(codec, codec_directory(destination, codec.id))
    return EncodePlan(
        fragments=source.fragments,
        destination=job.features,
        codec_id=codec.id,
        latent_column=job.latent_column,
        force=job.execution.force,
    )


def _find_codec(job: EncodeJob, destination: Path) -> Codec | None:
    """The codec that was named, or the one the destination was encoded with."""
    if job.codec is not None:
        return load_codec(job.codec)
    marker = read_marker(destination)
    if marker is None or marker.codec_id is None or job.execution.force:
        return None
    return load_codec(codec_directory(destination, marker.codec_id))


def _fit_for(job: EncodeJob, source: Source, destination: Path, progress: Progress) -> Codec:
    """Fit a codec for this destination; claimed first, so that hours of training find it free."""
    roles = resolve_roles(common_schema(source), job.columns, job.source)
    check_new_names(roles, job.latent_column)
    claim(destination, Marker("features"), job.execution.force)
    return fit_codec(job, source, checkpoint_directory(destination), progress)


def _check_some_fit(source: Source, codec: Codec) -> None:
    """Raise the codec's complaint if not a single fragment suits it; else fragments tell."""
    complaint: AePipelineError | None = None
    for fragment in source.fragments:
        try:
            codec.check_schema(fragment_schema(fragment), fragment.relative)
        except (AePipelineError, OSError) as error:
            complaint = complaint or (error if isinstance(error, AePipelineError) else None)
        else:
            return
    if complaint is not None:
        raise complaint
