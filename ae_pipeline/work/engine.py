"""Choose who works on the fragments of a plan: threads, processes beside them, or a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment
from ae_pipeline.extras import require
from ae_pipeline.results.progress import Progress
from ae_pipeline.work.attempt import Attempted, Work
from ae_pipeline.work.crew import Crew, Pool
from ae_pipeline.work.kept import Kept, keeping_workers
from ae_pipeline.work.threads import Outcome, for_each_fragment, in_threads

#: Processes take a CPU-second or two each to start: these files are work for some ten.
_LEAST_BYTES = 1 << 25
_LEAST_FRAGMENTS = 4


def carry_out(
    work: Work,
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
    if execution.engine != "dask" and not uses_processes(execution, fragments):
        return for_each_fragment(
            fragments, work.open(), workers=execution.workers, stage=stage, progress=progress
        )
    with keeping_workers() as kept, _crew(work, execution, kept) as (act, n_threads):
        made = in_threads(fragments, act, workers=n_threads, stage=stage, progress=progress)
    return Outcome.of(made)


@contextmanager
def _crew(
    work: Work, execution: ExecutionConfig, kept: Kept
) -> Iterator[tuple[Callable[[Fragment], Attempted], int]]:
    """Yield what lets a worker work on a fragment, and by how many threads at a time."""
    if execution.engine != "dask":
        yield Crew(work, kept.get("processes", Pool)).attempt, execution.workers
        return
    require("execution.engine: dask", "distributed", or_else="set execution.engine to processes")
    from ae_pipeline.work.cluster_start import connected  # noqa: PLC0415, of an extra

    key = "dask", execution.dask_address
    cluster = kept.get(key, lambda: connected(execution.dask_address, execution.workers))
    cluster.check(work.paths)
    with cluster.crew(work) as crew:
        yield crew.attempt, cluster.n_threads


def uses_processes(execution: ExecutionConfig, fragments: Sequence[Fragment]) -> bool:
    """Whether processes work on these fragments: they are asked for, or there is enough to do."""
    if execution.engine != "auto":
        return execution.engine == "processes" and bool(fragments)
    is_possible = os.name == "posix" and bool(sys.executable)
    sizes = [fragment.size_bytes for fragment in fragments]
    is_large = sum(sizes) >= _LEAST_BYTES and len(sizes) >= _LEAST_FRAGMENTS
    # A file that most of the time goes into is better off with all threads of this process.
    is_even = is_large and max(sizes) * execution.workers <= sum(sizes)
    return is_possible and execution.workers > 1 and is_even
