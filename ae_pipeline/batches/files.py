"""Encode or decode some files of a planned job, on any machine that reaches them.

Files appear whole or not at all, and those that are current are left alone. So a batch may run
twice, also at the same time, as the tasks of most schedulers sometimes do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypedDict, TypeVar

from pydantic import ValidationError

from ae_pipeline.batches.parts import plan_decode_part, plan_encode_part
from ae_pipeline.config.job import DecodeJob, EncodeJob, ExecutionConfig, JobConfig
from ae_pipeline.config.load import parse_job
from ae_pipeline.errors import ConfigError
from ae_pipeline.lake import reading_table
from ae_pipeline.results.dataset import FragmentFailure, FragmentResult
from ae_pipeline.store import visiting_stores
from ae_pipeline.verbs import decode_fragments, encode_fragments
from ae_pipeline.work import Outcome

_Job = TypeVar("_Job", bound=JobConfig)


class FileRecord(TypedDict):
    """A file, and what came of it, in plain values.

    Keys:
        path: below the root of the dataset.
        state: written now; current, so nothing was to be done; or failed.
        rows: in it, or decoded of it; 0 if it failed.
        bytes: of the file in the destination; 0 if it failed.
        error: one line; None if there is none.
        is_retriable: an error of I/O; another attempt may succeed.
        warnings: one sentence each.
    """

    path: str
    state: Literal["written", "current", "failed"]
    rows: int
    bytes: int
    error: str | None
    is_retriable: bool
    warnings: list[str]


def encode_files(job: str, files: Sequence[str], workers: int = 1) -> list[FileRecord]:
    """Encode some files of a job, as the verb does; return a record of each, in their order.

    Args:
        job: from `plan_encode_files`.
        files: some of those in the plan.
        workers: threads.

    Raises:
        AePipelineError: the job was not planned, or its codec, source or destination cannot be
            used. What is wrong with one file is in its record.
    """
    with _visited(EncodeJob, job) as settled:
        plan = plan_encode_part(settled, list(files))
        outcome = encode_fragments(plan, _threads(workers))
    sizes = {one.relative: one.encoded_bytes for one in outcome.results}
    return _records(files, outcome, sizes)


def decode_files(job: str, files: Sequence[str], workers: int = 1) -> list[FileRecord]:
    """Decode some files of a job, as the verb does; return a record of each, in their order.

    Args:
        job: from `plan_decode_files`. With a source, values are compared with it.
        files: some of those in the plan.
        workers: threads.

    Raises:
        AePipelineError: the job was not planned, or its dataset, codecs or destination cannot be
            used. What is wrong with one file is in its record.
    """
    with _visited(DecodeJob, job) as settled:
        plan = plan_decode_part(settled, list(files))
        outcome = decode_fragments(plan, _threads(workers))
    sizes = {one.relative: one.decoded_bytes for one in outcome.results}
    return _records(files, outcome, sizes)


@contextmanager
def _visited(kind: type[_Job], text: str) -> Iterator[_Job]:
    """Read a job and visit its places; workers leave the indexes of object stores alone."""
    job = parse_job(kind, text)
    with (
        visiting_stores(job, keeps_facts=False),
        reading_table(job.source, job.execution.scratch) as source,
    ):
        yield job.model_copy(update={"source": source})


def _threads(workers: int) -> ExecutionConfig:
    try:
        return ExecutionConfig(engine="threads", workers=workers)
    except ValidationError:
        raise ConfigError("no number of threads", got=str(workers), expected="1 to 256") from None


def _records(files: Sequence[str], outcome: Outcome, sizes: dict[str, int]) -> list[FileRecord]:
    made = {
        **{one.relative: _success(one, sizes[one.relative]) for one in outcome.results},
        **{one.relative: _failure(one) for one in outcome.failures},
    }
    return [made[name] for name in dict.fromkeys(files)]


def _success(result: FragmentResult, size_bytes: int) -> FileRecord:
    return {
        "path": result.relative,
        "state": result.state,
        "rows": result.n_rows,
        "bytes": size_bytes,
        "error": None,
        "is_retriable": False,
        "warnings": list(result.warnings),
    }


def _failure(failure: FragmentFailure) -> FileRecord:
    return {
        "path": failure.relative,
        "state": "failed",
        "rows": 0,
        "bytes": 0,
        "error": str(failure),
        "is_retriable": failure.is_retriable,
        "warnings": [],
    }
