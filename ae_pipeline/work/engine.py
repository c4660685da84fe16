"""Choose who works on the fragments of a plan: threads, processes beside them, or a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment
from ae_pipeline.extras import require
from ae_pipeline.results.progress import Progress
from ae_pipeline.work.attempt import Work
from ae_pipeline.work.crew import Crew, Pool
from ae_pipeline.work.kept import keeping_workers
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
    lead = partial(for_each_fragment, fragments, stage=stage, progress=progress)
    if execution.engine == "dask":
        return _on_cluster(work, fragments, execution, stage, progress)
    if not uses_processes(execution, fragments):
        return lead(work.open(), workers=execution.workers)
    with keeping_workers() as kept:
        pool = kept.get("processes", Pool)
        return lead(Crew(work, pool).attempt, workers=execution.workers)


def _on_cluster(
    work: Work,
    fragments: Sequence[Fragment],
    execution: ExecutionConfig,
    stage: str,
    progress: Progress,
) -> Outcome:
    require("execution.engine: dask", "distributed", or_else="set execution.engine to processes")
    from ae_pipeline.work.cluster_start import connected  # noqa: PLC0415, of an extra

    key = "dask", execution.dask_address
    with keeping_workers() as kept:
        cluster = kept.get(key, lambda: connected(execution.dask_address, execution.workers))
        cluster.check(work.paths)
        with cluster.crew(work) as crew:
            made = in_threads(
                fragments,
                crew.attempt,
                workers=cluster.n_threads,
                stage=stage,
                progress=progress,
            )
    return Outcome.of(made)


def uses_processes(execution: ExecutionConfig, fragments: Sequence[Fragment]) -> bool:
    """Whether processes work on these fragments: they are asked for, or there is enough to do."""
    if execution.engine != "auto":
        return execution.engine == "processes" and bool(fragments)
    is_possible = os.name == "posix" and bool(sys.executable)
    n_bytes = sum(fragment.size_bytes for fragment in fragments)
    is_large = n_bytes >= _LEAST_BYTES and len(fragments) >= _LEAST_FRAGMENTS
    return is_possible and execution.workers > 1 and is_large
