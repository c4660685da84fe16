"""Find the codec that a job writes with, or fit one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from ae_pipeline.columns import resolve_roles
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Source, fittable, typical_schema
from ae_pipeline.errors import (
    AePipelineError,
    CodecMismatchError,
    CodecNotFoundError,
    ConfigError,
    CorruptCodecError,
    FlattenedColumnError,
)
from ae_pipeline.formats import (
    FragmentFormat,
    check_kind_of_codec,
    check_schema,
    check_settings,
    destination_of,
    find_format,
    format_of,
)
from ae_pipeline.results.progress import Progress
from ae_pipeline.storage import Marker, check_claim, checkpoint_directory, claim
from ae_pipeline.upkeep import check_leftovers

logger = logging.getLogger(__name__)


def find_or_fit(
    job: EncodeJob, source: Source, progress: Progress, *, may_replace: bool
) -> FragmentFormat:
    """Return the codec to write with, checked against the job and the source.

    Args:
        job: what to encode.
        source: fragments to encode.
        progress: called while measuring and training.
        may_replace: fit another codec where the destination's own does not suit the job.

    Raises:
        AePipelineError: the codec cannot be read or does not suit the job, or none can be fitted.
    """
    found = _find(job, source, may_replace=may_replace)
    if may_replace:
        check_leftovers(job, format_of(job).kind, source, destination_of(job), found)
    if found is not None:
        return found
    fitted = _fit(job, source, progress)
    _check(job, source, fitted)
    return fitted


def _find(job: EncodeJob, source: Source, *, may_replace: bool) -> FragmentFormat | None:
    """Return the codec that was named or that the destination has; None to fit one."""
    destination = destination_of(job)
    try:
        found = find_format(job, destination)
        if found is not None:
            _check(job, source, found)
            check_settings(job, found)
    except (CodecNotFoundError, CorruptCodecError, CodecMismatchError, ConfigError) as error:
        if not may_replace or job.codec is not None:
            raise
        logger.warning("%s: another codec is fitted for it: %s", destination, error.what)
        return None
    return found


def _check(job: EncodeJob, source: Source, format: FragmentFormat) -> None:
    """Raise unless a codec is of the job's kind and suits the source's names and columns."""
    check_kind_of_codec(job, format)
    _check_some_fit(source, format)
    format.check_names(format.schema, format.extra)


def _check_some_fit(source: Source, format: FragmentFormat) -> None:
    """Raise the codec's complaint if not a single fragment suits it; else each fails by itself."""
    complaint: AePipelineError | None = None
    for fragment in source.fragments:
        try:
            check_schema(format, source.schema(fragment), fragment.relative)
        except (AePipelineError, OSError) as error:
            complaint = complaint or (error if isinstance(error, AePipelineError) else None)
        else:
            return
    if complaint is not None:
        raise complaint


def _fit(job: EncodeJob, source: Source, progress: Progress) -> FragmentFormat:
    """Fit a codec for the job's destination.

    The destination is claimed before training, which may take hours, so that nobody else takes it;
    and after every check, so that a job that cannot run claims nothing.
    """
    format, destination = format_of(job), destination_of(job)
    source = fittable(source, job.columns)
    roles = resolve_roles(typical_schema(source), job.columns, job.source)
    format.check_names(roles, format.extra_of(job))
    marker, force = Marker(format.kind), job.execution.force
    with _leaving_no_trace(destination):
        check_claim(destination, marker, force)
        return format.fit(
            job,
            source,
            checkpoint_directory(destination),
            progress,
            before_training=partial(_claim_first, destination, marker, force),
        )


@contextmanager
def _leaving_no_trace(destination: Path) -> Iterator[None]:
    """Remove the folder again if it is new and the fit stops because a column is flattened."""
    is_new = not destination.exists()
    try:
        yield
    except FlattenedColumnError:
        if is_new:
            with suppress(OSError):
                destination.rmdir()
        raise


def _claim_first(destination: Path, marker: Marker, force: bool) -> None:
    """Claim a destination without a codec; one that has a codec keeps it until the fit is done."""
    found = check_claim(destination, marker, force)
    if found is None or found.codec_id is None:
        claim(destination, marker, force)
