"""Work on many fragments in threads: a fragment that fails is named, the others finish."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar  # Any: whatever work makes

from ae_pipeline.cancellation import check_wanted
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.dataset import Fragment
from ae_pipeline.results.dataset import FragmentFailure, FragmentResult
from ae_pipeline.results.progress import Progress, ProgressEvent
from ae_pipeline.work.attempt import Attempted, attempt
from ae_pipeline.work.look_ahead import THREAD_PREFIX, sharing
from ae_pipeline.work.watchdog import PATIENCE_S, Watch

#: How long running fragments may take to end once they are cancelled; a batch takes about a second.
_GRACE_S = 10.0

logger = logging.getLogger(__name__)

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Outcome:
    """Results and failures of a step, each in the order of the fragments."""

    results: tuple[FragmentResult, ...]
    failures: tuple[FragmentFailure, ...]

    @classmethod
    def of(cls, made: Iterable[Attempted]) -> Outcome:
        """Sort what came of fragments."""
        made = tuple(made)
        return cls(
            tuple(item for item in made if isinstance(item, FragmentResult)),
            tuple(item for item in made if isinstance(item, FragmentFailure)),
        )


def for_each_fragment(
    fragments: Sequence[Fragment],
    work: Callable[[Fragment], Attempted],
    *,
    workers: int,
    stage: str,
    progress: Progress,
    patience_s: float = PATIENCE_S,
) -> Outcome:
    """Apply `work` to every fragment in threads; numpy and pyarrow release the interpreter lock.

    Errors of data and of I/O become failures. Bugs (any other exception) are raised, and so is
    whatever stops this thread (Ctrl-C, a signal); running fragments then end at their next batch.

    Args:
        fragments: in the order in which they are begun.
        work: what to do with one fragment.
        workers: number of threads; fewer fragments share them all.
        stage: name of the step in progress events.
        progress: called after every fragment.
        patience_s: warn of a fragment that makes no progress for this long.
    """
    pin_blas_threads()
    made = in_threads(
        fragments,
        partial(attempt, work),
        workers=workers,
        stage=stage,
        progress=progress,
        patience_s=patience_s,
    )
    return Outcome.of(made)


def in_threads(
    fragments: Sequence[Fragment],
    work: Callable[[Fragment], _Made],
    *,
    workers: int,
    stage: str,
    progress: Progress,
    patience_s: float = PATIENCE_S,
    at_once: int = 1,
) -> list[_Made]:
    """Apply `work` to every fragment in threads and return what it makes, in their order.

    As `for_each_fragment`, but errors of any kind are raised, and a thread takes `at_once`
    fragments in one go: more than one where the work on it costs less than handing it over.
    """
    done: dict[str, _Made] = {}
    progress(ProgressEvent(stage, 0, len(fragments)))

    def share() -> int:
        """Return the threads of each fragment that is left: together no more than workers."""
        return max(1, workers // max(1, len(fragments) - len(done)))

    watch, finished = Watch(patience_s), SimpleQueue[Future[list[_Made]]]()
    with _threads(workers, stage, watch) as submit:
        futures: dict[Future[list[_Made]], Sequence[Fragment]] = {}
        n_turns = -(-len(fragments) // at_once)
        for turn in range(n_turns):
            some = fragments[turn::n_turns]  # neighbours may all be slow
            future = submit(partial(_watched, watch, share, work, some))
            futures[future] = some
            future.add_done_callback(finished.put)
        for _ in range(len(futures)):
            future = watch.wait_for(finished)
            for fragment, made in zip(futures[future], future.result(), strict=True):
                done[fragment.relative] = made
                progress(ProgressEvent(stage, len(done), len(fragments), fragment.relative))
    return [done[fragment.relative] for fragment in fragments]


@contextmanager
def _threads(
    workers: int, stage: str, watch: Watch
) -> Iterator[Callable[[Callable[[], _Made]], Future[_Made]]]:
    """Yield a function that submits work to threads; an exception inside cancels all work."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix=f"{THREAD_PREFIX}{stage}")
    futures: list[Future[Any]] = []

    def submit(attempt: Callable[[], _Made]) -> Future[_Made]:
        # Threads do not inherit the context, in which loggers find the run they belong to.
        future = pool.submit(copy_context().run, attempt)
        futures.append(future)
        return future

    try:
        yield submit
    except BaseException:
        watch.cancel()
        pool.shutdown(wait=False, cancel_futures=True)
        begun = [future for future in futures if not future.cancelled()]
        if wait(begun, _GRACE_S).not_done:
            logger.warning("left behind, still running: %s", ", ".join(watch.running))
        raise
    pool.shutdown()


def _watched(
    watch: Watch,
    share: Callable[[], int],
    work: Callable[[Fragment], _Made],
    fragments: Sequence[Fragment],
) -> list[_Made]:
    made = []
    with sharing(share):
        for fragment in fragments:
            with watch.over(fragment.relative):
                check_wanted()
                made.append(work(fragment))
    return made
