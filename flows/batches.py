"""Fragments in batches: a task costs tens of milliseconds, so it should have seconds of work."""

import math
from collections.abc import Sequence

from ae_pipeline.config import ExecutionConfig
from ae_pipeline.pipeline import Outcome
from ae_pipeline.source import Fragment

_MOST_TASKS = 100
_FRAGMENTS_PER_WORKER = 4


def split_batches(
    fragments: Sequence[Fragment], execution: ExecutionConfig
) -> list[tuple[Fragment, ...]]:
    """Consecutive fragments, as many per batch as the settings say or as keeps tasks few."""
    size = execution.fragments_per_task or max(
        _FRAGMENTS_PER_WORKER * execution.workers, math.ceil(len(fragments) / _MOST_TASKS)
    )
    return [tuple(fragments[start : start + size]) for start in range(0, len(fragments), size)]


def merge_outcomes(outcomes: Sequence[Outcome]) -> Outcome:
    """All batches together, in their order."""
    return Outcome(
        tuple(result for outcome in outcomes for result in outcome.results),
        tuple(failure for outcome in outcomes for failure in outcome.failures),
    )
