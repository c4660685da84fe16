"""Fragments in batches: a task costs tens of milliseconds, so each should do seconds of work."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from prefect import Task, get_run_logger
from prefect.runtime import flow_run, task_run

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment
from ae_pipeline.fragments import DecodePlan, EncodePlan
from ae_pipeline.work import Outcome, keeping_workers

from ..pages.artifacts import BatchProgress

_MOST_TASKS = 100
_FRAGMENTS_PER_WORKER = 4
#: A cluster may have so many, which a smaller batch would leave idle.
_CLUSTER_WORKERS = 256
#: A batch of small fragments holds this many bytes or fragments: about a second of work.
_BATCH_BYTES = 32_000_000
_SMALL_FRAGMENTS = 250

Plan = TypeVar("Plan", EncodePlan, DecodePlan)


class TransientError(OSError):
    """Some fragments failed with I/O errors and may succeed at the next attempt."""


def run_batches(
    batch_task: Task[[int, Plan, ExecutionConfig], Outcome],
    plan: Plan,
    execution: ExecutionConfig,
    dataset: str,
) -> Outcome:
    """Run a task on every batch of a plan, one after the other; each uses all workers.

    Args:
        batch_task: task that works on one batch.
        plan: plan of all fragments.
        execution: how they are split, and how often a batch is tried.
        dataset: path whose name the key of the progress artifact holds.
    """
    attempt = batch_task.with_options(retries=execution.retries)
    batches = split_plan(plan, execution)
    sizes = [len(batch.fragments) for batch in batches]
    progress = BatchProgress(flow_run.flow_name or "run", dataset, sizes)
    outcomes: list[Outcome] = []
    with keeping_workers():
        for number, batch in enumerate(batches, start=1):
            outcomes.append(attempt(number, batch, execution))
            progress.finished(number)
    return merge_outcomes(outcomes)


def split_plan(plan: Plan, execution: ExecutionConfig) -> list[Plan]:
    """Split a plan into consecutive batches, sized by the settings or to keep tasks few."""
    fragments = plan.fragments
    workers = _CLUSTER_WORKERS if execution.engine == "dask" else execution.workers
    size = execution.fragments_per_task or _batch_size(fragments, workers)
    starts = range(0, len(fragments), size)
    return [replace(plan, fragments=fragments[start : start + size]) for start in starts]


def _batch_size(fragments: Sequence[Fragment], workers: int) -> int:
    """Return a size that busies all workers for a second or more, in about 100 tasks."""
    mean_bytes = max(1, sum(one.size_bytes for one in fragments) // max(1, len(fragments)))
    return max(
        _FRAGMENTS_PER_WORKER * workers,
        math.ceil(len(fragments) / _MOST_TASKS),
        min(_BATCH_BYTES // mean_bytes, _SMALL_FRAGMENTS),
    )


def merge_outcomes(outcomes: Sequence[Outcome]) -> Outcome:
    """Merge the outcomes of all batches, in their order."""
    return Outcome(
        tuple(result for outcome in outcomes for result in outcome.results),
        tuple(failure for outcome in outcomes for failure in outcome.failures),
    )


def checked(outcome: Outcome, execution: ExecutionConfig) -> Outcome:
    """Log a batch's outcome; ask for another attempt if one remains and may help.

    Finished fragments are not repeated.

    Raises:
        TransientError: a fragment failed with an I/O error and this attempt is not the last.
    """
    logger = get_run_logger()
    logger.info(summary(outcome))
    for failure in outcome.failures:
        logger.error("failed: %s", failure)
    transient = [failure for failure in outcome.failures if failure.is_retriable]
    if transient and (task_run.run_count or 1) <= execution.retries:
        raise TransientError(str(transient[0]))
    return outcome


def summary(outcome: Outcome) -> str:
    """Return a batch's counts and bytes in one line."""
    n_current = sum(result.state == "current" for result in outcome.results)
    source_bytes = sum(result.source_bytes for result in outcome.results)
    encoded_bytes = sum(result.encoded_bytes for result in outcome.results)
    return (
        f"{len(outcome.results):,} fragments done, {n_current:,} of them current already; "
        f"{len(outcome.failures):,} failed; {source_bytes:,} bytes of source, "
        f"{encoded_bytes:,} encoded"
    )
