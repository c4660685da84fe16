"""Choose who works on the items of a plan: threads, processes beside them, or a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment
from ae_pipeline.extras import require
from ae_pipeline.results.dataset import FragmentFailure, FragmentResult
from ae_pipeline.results.progress import Progress
from ae_pipeline.work.attempt import AnItem, AnyMade, Item, Work, attempt
from ae_pipeline.work.crew import Crew, Pool
from ae_pipeline.work.kept import Kept, keeping_workers
from ae_pipeline.work.threads import Outcome, handed_over, in_threads

if TYPE_CHECKING:
    from ae_pipeline.work.cluster import ClusterCrew  # of an extra

#: Processes take a CPU-second or two each to start: these files are work for some ten.
_LEAST_BYTES = 1 << 25
_LEAST_FRAGMENTS = 4


def carry_out(
    work: Work[Fragment, FragmentResult],
    fragments: Sequence[Fragment],
    *,
    execution: ExecutionConfig,
    stage: str,
    progress: Progress,
) -> Outcome:
    """Work on every fragment; failures are in the outcome, bugs are raised.

    Args:
        work: on one fragment.
        fragments: in the order in which they are begun.
        execution: engine and number of workers.
        stage: name of the step in progress events.
        progress: called after every fragment.
    """
    with _workers(work, fragments, execution) as (act, n_threads):
        made = in_threads(fragments, act, workers=n_threads, stage=stage, progress=progress)
    return Outcome.of(made)


def gather(
    work: Work[AnItem, AnyMade],
    items: Sequence[AnItem],
    *,
    execution: ExecutionConfig,
    stage: str,
    progress: Progress,
) -> list[AnyMade | FragmentFailure]:
    """Work on every item; return, in their order, what is made of each, or why it failed.

    Args:
        work: on one item.
        items: in the order in which they are begun; no items need no workers.
        execution: engine and number of workers.
        stage: name of the step in progress events.
        progress: called after every item.
    """
    made: list[AnyMade | FragmentFailure] = []

    def take(_: AnItem, one: AnyMade | FragmentFailure) -> None:
        made.append(one)

    hand_over(work, items, take, execution=execution, stage=stage, progress=progress)
    return made


def hand_over(
    work: Work[AnItem, AnyMade],
    items: Sequence[AnItem],
    take: Callable[[AnItem, AnyMade | FragmentFailure], object],
    *,
    execution: ExecutionConfig,
    stage: str,
    progress: Progress,
) -> None:
    """Do as `gather`, but give each item and its result to `take`, in order; few are held."""
    if not items:
        return
    with _workers(work, items, execution) as (act, n_threads):
        handed_over(items, act, take, workers=n_threads, stage=stage, progress=progress)


@contextmanager
def _workers(
    work: Work[AnItem, AnyMade], items: Sequence[AnItem], execution: ExecutionConfig
) -> Iterator[tuple[Callable[[AnItem], AnyMade | FragmentFailure], int]]:
    """Yield what works on an item, or lets a worker do so, and how many threads call it."""
    if execution.engine == "dask":
        with keeping_workers() as kept, _cluster_crew(work, execution, kept) as (crew, n_threads):
            yield crew.attempt, n_threads
    elif uses_processes(execution, items):
        with keeping_workers() as kept:
            yield Crew(work, kept.get("processes", Pool)).attempt, execution.workers
    else:
        pin_blas_threads()
        yield partial(attempt, work.open()), execution.workers


@contextmanager
def _cluster_crew(
    work: Work[AnItem, AnyMade], execution: ExecutionConfig, kept: Kept
) -> Iterator[tuple[ClusterCrew[AnItem, AnyMade], int]]:
    require("execution.engine: dask", "distributed", or_else="set execution.engine to processes")
    from ae_pipeline.work.cluster_start import connected  # noqa: PLC0415, of an extra

    key = "dask", execution.dask_address
    cluster = kept.get(key, lambda: connected(execution.dask_address, execution.workers))
    cluster.check(work.paths)
    with cluster.crew(work) as crew:
        yield crew, cluster.n_threads


def uses_processes(execution: ExecutionConfig, items: Sequence[Item]) -> bool:
    """Whether processes work on these items: they are asked for, or there is enough to do."""
    if execution.engine != "auto":
        return execution.engine == "processes" and bool(items)
    is_possible = os.name == "posix" and bool(sys.executable)
    sizes = [item.size_bytes for item in items]
    is_large = sum(sizes) >= _LEAST_BYTES and len(sizes) >= _LEAST_FRAGMENTS
    # An item that most of the time goes into is better off with all threads of this process.
    is_even = is_large and max(sizes) * execution.workers <= sum(sizes)
    return is_possible and execution.workers > 1 and is_even
