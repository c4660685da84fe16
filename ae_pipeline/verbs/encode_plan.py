"""The plan of an encode: choose the codec, claim the destination, plan the fragments."""

from __future__ import annotations

from collections.abc import Mapping

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Source, find_source, sparing, tell_ignored
from ae_pipeline.formats import FragmentFormat, destination_of
from ae_pipeline.fragments import EncodePlan
from ae_pipeline.publish import remove_tree
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import (
    Marker,
    check_apart,
    check_claim,
    check_distinct_names,
    checkpoint_directory,
    claim,
    codec_directory,
    read_notes,
)
from ae_pipeline.verbs.codec_choice import find_or_fit


def prepare_encode(job: EncodeJob, progress: Progress = silent) -> EncodePlan:
    """Find or fit the codec, claim the destination, plan every fragment of the source.

    Anything that makes the whole job fail is found here.

    Raises:
        AePipelineError: the source, codec, settings or destination cannot be used.
    """
    destination = destination_of(job)
    source = find_source(job.source, {}, destination)
    with sparing(source):
        tell_ignored(source, job.source)
        force = job.execution.force
        format = choose_codec(job, source, progress, may_replace=force)
        claim_for(job, format, may_change_codec=force)
    return plan_encode(job, source, format, returned_notes(source, {} if force else _retired(job)))


def prepare_backfill(job: EncodeJob, source: Source, progress: Progress) -> EncodePlan:
    """Do as `prepare_encode`, but let fragments of former codecs stay beside the new one's."""
    with sparing(source):
        format = choose_codec(job, source, progress, may_replace=False)
        claim_for(job, format, may_change_codec=True)
    return plan_encode(job, source, format, returned_notes(source, _retired(job)))


def choose_codec(
    job: EncodeJob, source: Source, progress: Progress, *, may_replace: bool
) -> FragmentFormat:
    """Check that source and destination suit each other, then call `find_or_fit`."""
    destination = destination_of(job)
    check_apart(source, destination)
    check_distinct_names(destination, source.fragments)
    return find_or_fit(job, source, progress, may_replace=may_replace)


def claim_for(job: EncodeJob, format: FragmentFormat, *, may_change_codec: bool) -> None:
    """Save a codec in the job's destination, then name it in the marker.

    Raises:
        DestinationError: the folder holds something else, or cannot be written.
    """
    destination, force = destination_of(job), job.execution.force
    marker = Marker(format.kind, format.codec_id)
    check_claim(destination, marker, force, may_change_codec)
    format.save(codec_directory(destination, format.codec_id))
    claim(destination, marker, force, may_change_codec)
    remove_tree(checkpoint_directory(destination))


def plan_encode(
    job: EncodeJob,
    source: Source,
    format: FragmentFormat,
    retired: Mapping[str, Mapping[str, str]],
) -> EncodePlan:
    """Return what workers need to encode every fragment of a source; write nothing.

    Args:
        job: settings.
        source: fragments to encode.
        format: codec to use; it lies in the destination.
        retired: notes of fragments that were deleted after verification and have come back.
    """
    destination = destination_of(job)
    return EncodePlan(
        fragments=source.fragments,
        destination=str(destination),
        codec_id=format.codec_id,
        extra=format.extra,
        force=job.execution.force,
        retired=retired,
        suspects=frozenset(read_notes(destination, "failed")),
        accepts_changes=job.columns.accept_changes,
        spared=source.folders,
        effort=job.execution.effort,
        opened={format.codec_id: format},
    )


def _retired(job: EncodeJob) -> Mapping[str, Mapping[str, str]]:
    return read_notes(destination_of(job), "retired")


def returned_notes(
    source: Source, retired: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    """Return the notes of fragments that were deleted after verification and have come back."""
    known = {fragment.relative for fragment in source.fragments}
    return {relative: note for relative, note in retired.items() if relative in known}
