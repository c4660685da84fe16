"""Plan a job over files once, in the program that leads it; its workers plan nothing.

The codec is fitted or found, and the destination claimed. What is left to do is text: the job, and
the names of its files.
"""

from __future__ import annotations

from typing import NamedTuple

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.verbs import plan_decode, prepare_encode


class FilePlan(NamedTuple):
    """A job and its files, as `encode_files` or `decode_files` takes them.

    Args:
        job: settings, as JSON.
        files: paths below the root of the dataset that is read, with `/` between parts.
    """

    job: str
    files: list[str]


@visiting_places
def plan_encode_files(job: EncodeJob, progress: Progress = silent) -> FilePlan:
    """Find or fit the codec, claim the destination, and list the files of the source.

    A table of Delta Lake or Iceberg is read at the version that is the newest now.

    Raises:
        AePipelineError: as `encode`, where the job as a whole cannot run.
    """
    plan = prepare_encode(job, progress)
    # Workers take the codec that lies in the destination now.
    settled = job.model_copy(update={"codec": None})
    names = [fragment.relative for fragment in plan.fragments]
    return FilePlan(settled.model_dump_json(exclude_defaults=True), names)


@visiting_places
def plan_decode_files(job: DecodeJob) -> FilePlan:
    """Claim the destination, and list the files that the job selects.

    Raises:
        AePipelineError: as `decode`, where the job as a whole cannot run.
    """
    plan = plan_decode(job)
    columns = sorted(plan.part.columns or ())
    selection = job.selection.model_copy(update={"partitions": (), "columns": tuple(columns)})
    settled = job.model_copy(update={"selection": selection})
    names = [fragment.relative for fragment in plan.fragments]
    return FilePlan(settled.model_dump_json(exclude_defaults=True), names)
