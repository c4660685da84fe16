"""Work on fragments in threads, as that engine does, with a patience of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ae_pipeline.dataset import Fragment
from ae_pipeline.results.dataset import FragmentResult
from ae_pipeline.results.progress import Progress
from ae_pipeline.work import PATIENCE_S, Outcome, in_threads
from ae_pipeline.work.attempt import attempt


def for_each_fragment(
    fragments: Sequence[Fragment],
    work: Callable[[Fragment], FragmentResult],
    *,
    workers: int,
    stage: str,
    progress: Progress,
    patience_s: float = PATIENCE_S,
) -> Outcome:
    """Apply `work` to every fragment; errors of data and of I/O are failures in the outcome."""
    return Outcome.of(
        in_threads(
            fragments,
            partial(attempt, work),
            workers=workers,
            stage=stage,
            progress=progress,
            patience_s=patience_s,
        )
    )
