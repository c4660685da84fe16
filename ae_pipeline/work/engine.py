"""Choose who works on the fragments of a plan: threads of this process, or processes beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment
from ae_pipeline.results.progress import Progress
from ae_pipeline.work.attempt import Work
from ae_pipeline.work.crew import Crew, keeping_workers
from ae_pipeline.work.threads import Outcome, for_each_fragment

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
    if not uses_processes(execution, fragments):
        return for_each_fragment(
            fragments, work.open(), workers=execution.workers, stage=stage, progress=progress
        )
    with keeping_workers() as pool:
        act = Crew(work, pool).attempt
        return for_each_fragment(
            fragments, act, workers=execution.workers, stage=stage, progress=progress
        )


def uses_processes(execution: ExecutionConfig, fragments: Sequence[Fragment]) -> bool:
    """Whether processes work on these fragments: they are asked for, or there is enough to do."""
    if execution.engine != "auto":
        return execution.engine == "processes" and bool(fragments)
    is_possible = os.name == "posix" and bool(sys.executable)
    n_bytes = sum(fragment.size_bytes for fragment in fragments)
    is_large = n_bytes >= _LEAST_BYTES and len(fragments) >= _LEAST_FRAGMENTS
    return is_possible and execution.workers > 1 and is_large
