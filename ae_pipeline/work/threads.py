"""Work on many items in threads: a fragment that fails is named, the others finish."""

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
from ae_pipeline.results.dataset import FragmentFailure, FragmentResult
from ae_pipeline.results.progress import Progress, ProgressEvent
from ae_pipeline.work.attempt import AnItem
from ae_pipeline.work.look_ahead import THREAD_PREFIX, sharing
from ae_pipeline.work.watchdog import PATIENCE_S, Watch

#: How long running fragments may take to end once they are cancelled; a batch takes about a second.
_GRACE_S = 10.0

logger = logging.getLogger(__name__)

#: Items for each worker whose results may wait for that of one before them.
_AHEAD = 4

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Outcome:
    """Results and failures of a step, each in the order of the fragments."""

    results: tuple[FragmentResult, ...]
    failures: tuple[FragmentFailure, ...]

    @classmethod
    def of(cls, made: Iterable[FragmentResult | FragmentFailure]) -> Outcome:
        """Sort what came of fragments."""
        made = tuple(made)
        return cls(
            tuple(item for item in made if isinstance(item, FragmentResult)),
            tuple(item for item in made if isinstance(item, FragmentFailure)),
        )


def in_threads(
    items: Sequence[AnItem],
    work: Callable[[AnItem], _Made],
    *,
    workers: int,
    stage: str,
    progress: Progress,
    patience_s: float = PATIENCE_S,
    at_once: int = 1,
) -> list[_Made]:
    """Apply `work` to every item in threads and return what it makes, in their order.

    Errors of any kind are raised, and so is whatever stops this thread (Ctrl-C, a signal); running
    items then end at their next batch. A thread takes `at_once` items in one go: more than one
    where the work on it costs less than handing it over.
    """
    n_turns = -(-len(items) // at_once)
    turns = [items[turn::n_turns] for turn in range(n_turns)]  # neighbours may all be slow
    watch, done = Watch(patience_s), dict[str, _Made]()
    with _threads(workers, stage, watch) as submit:
        for some, made in _in_order(
            turns, work, submit, watch, workers, len(turns), stage, progress
        ):
            done |= zip((item.relative for item in some), made, strict=True)
    return [done[item.relative] for item in items]


def handed_over(
    items: Sequence[AnItem],
    work: Callable[[AnItem], _Made],
    take: Callable[[AnItem, _Made], object],
    *,
    workers: int,
    stage: str,
    progress: Progress,
) -> None:
    """Apply `work` to every item as `in_threads` does; `take` gets each and its result, in order.

    Only a few results for each worker wait to be taken, however many items there are.
    """
    watch, turns = Watch(PATIENCE_S), [items[turn : turn + 1] for turn in range(len(items))]
    with _threads(workers, stage, watch) as submit:
        ahead = _AHEAD * workers
        for some, made in _in_order(turns, work, submit, watch, workers, ahead, stage, progress):
            take(some[0], made[0])


def _in_order(
    turns: Sequence[Sequence[AnItem]],
    work: Callable[[AnItem], _Made],
    submit: Callable[[Callable[[], list[_Made]]], Future[list[_Made]]],
    watch: Watch,
    workers: int,
    ahead: int,
    stage: str,
    progress: Progress,
) -> Iterator[tuple[Sequence[AnItem], list[_Made]]]:
    """Yield turns and what is made in them, in order; at most `ahead` are begun and not yielded."""
    n_items, n_done, n_begun = sum(map(len, turns)), 0, 0
    futures: dict[Future[list[_Made]], int] = {}
    made: dict[int, list[_Made]] = {}
    finished = SimpleQueue[Future[list[_Made]]]()
    progress(ProgressEvent(stage, 0, n_items))

    def share() -> int:
        """Return the threads of each item that is left: together no more than workers."""
        return max(1, workers // max(1, n_items - n_done))

    for turn, some in enumerate(turns):
        for number in range(n_begun, min(turn + ahead, len(turns))):
            future = submit(partial(_watched, watch, share, work, turns[number]))
            futures[future], n_begun = number, number + 1
            future.add_done_callback(finished.put)
        while turn not in made:
            future = watch.wait_for(finished)
            number = futures.pop(future)
            made[number] = future.result()
            for item in turns[number]:
                n_done += 1
                progress(ProgressEvent(stage, n_done, n_items, item.relative))
        yield some, made.pop(turn)


@contextmanager
def _threads(
    workers: int, stage: str, watch: Watch
) -> Iterator[Callable[[Callable[[], _Made]], Future[_Made]]]:
    """Yield a function that submits work to threads; an exception inside cancels all work."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix=f"{THREAD_PREFIX}{stage}")
    futures: set[Future[Any]] = set()

    def submit(attempt: Callable[[], _Made]) -> Future[_Made]:
        # Threads do not inherit the context, in which loggers find the run they belong to.
        future = pool.submit(copy_context().run, attempt)
        futures.add(future)
        future.add_done_callback(futures.discard)  # its result may be large
        return future

    try:
        yield submit
    except BaseException:
        watch.cancel()
        pool.shutdown(wait=False, cancel_futures=True)
        if wait(list(futures), _GRACE_S).not_done:
            logger.warning("left behind, still running: %s", ", ".join(watch.running))
        raise
    pool.shutdown()


def _watched(
    watch: Watch,
    share: Callable[[], int],
    work: Callable[[AnItem], _Made],
    items: Sequence[AnItem],
) -> list[_Made]:
    made = []
    with sharing(share):
        for item in items:
            with watch.over(item.relative):
                check_wanted()
                made.append(work(item))
    return made
