"""Before encoding: choose the codec, claim the destination, plan the fragments."""

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

    Whatever can fail for the job as a whole fails here.

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
    return plan_encode(job, source, format, _returned(source, {} if force else _retired(job)))


def prepare_backfill(job: EncodeJob, source: Source, progress: Progress) -> EncodePlan:
    """As `prepare_encode`; fragments of former codecs may stay beside those of the new one."""
    with sparing(source):
        format = choose_codec(job, source, progress, may_replace=False)
        claim_for(job, format, may_change_codec=True)
    return plan_encode(job, source, format, _returned(source, _retired(job)))


def choose_codec(
    job: EncodeJob, source: Source, progress: Progress, *, may_replace: bool
) -> FragmentFormat:
    """Check source and destination against each other, then as `find_or_fit`."""
    destination = destination_of(job)
    check_apart(source, destination)
    check_distinct_names(destination, source.fragments)
    return find_or_fit(job, source, progress, may_replace=may_replace)


def claim_for(job: EncodeJob, format: FragmentFormat, *, may_change_codec: bool) -> None:
    """Save a codec in the job's destination and mark that with it: codec before marker.

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
    """Say what workers need to encode every fragment of a source; writes nothing.

    Args:
        job: settings.
        source: fragments.
        format: codec to use, which lies in the destination.
        retired: notes of fragments that were deleted after verification and are there again.
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
        opened={format.codec_id: format},
    )


def _retired(job: EncodeJob) -> Mapping[str, Mapping[str, str]]:
    return read_notes(destination_of(job), "retired")


def _returned(
    source: Source, retired: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    """Keep notes of fragments that were deleted after verification and are there all the same."""
    known = {fragment.relative for fragment in source.fragments}
    return {relative: note for relative, note in retired.items() if relative in known}
