"""Blocks of one fragment in threads: while one is used, those behind it are worked on.

A job has as many threads as workers. Where fewer fragments are left, they share all threads, so
that a single large file keeps every one busy. A block in work takes the place of a fragment in
work, in threads and in memory.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import NoReturn, TypeVar

#: Prefix of the names of threads that work on fragments.
THREAD_PREFIX = "fragments-"
#: More than a job has workers; the look-ahead bounds how many threads are started.
_MOST_THREADS = 256

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


class _Share:
    """One fragment's share of a job's threads, and the CPU time it spent in others than its own."""

    def __init__(self, n_threads: Callable[[], int]) -> None:
        self.n_threads = n_threads
        self.spent_s = 0.0


_share: ContextVar[_Share | None] = ContextVar("share", default=None)


@contextmanager
def sharing(n_threads: Callable[[], int]) -> Iterator[None]:
    """Let the work on one fragment inside use some threads; outside, it uses its own alone.

    Args:
        n_threads: returns how many it may use now, 1 or more; asked again at every block.
    """
    token = _share.set(_Share(n_threads))
    try:
        yield
    finally:
        _share.reset(token)


def n_threads_now() -> int:
    """Return how many threads this fragment may use now."""
    share = _share.get()
    return 1 if share is None else share.n_threads()


def cpu_s() -> float:
    """Return the CPU-seconds of this thread and of those that it shares its fragment with."""
    share = _share.get()
    return time.thread_time() + (0.0 if share is None else share.spent_s)


def ordered_ahead(
    items: Iterable[_Item], work: Callable[[_Item], _Made]
) -> Generator[_Made, None, None]:
    """Yield `work` of each item, in order, as `map` does, while items behind it are worked on.

    The items themselves are made in the caller's thread. At most as many are made and not yet used
    as the fragment has threads; with one, nothing is ahead and no thread starts. The first error,
    in order, is raised, whether of an item or of work on it. Closing waits for work that runs.

    Args:
        items: of the fragment, such as its blocks.
        work: needs no other item's result, and uses no file.
    """
    share = _share.get() or _Share(lambda: 1)
    ahead: deque[Future[tuple[_Made, float]]] = deque()
    pool = ThreadPoolExecutor(_MOST_THREADS, f"{THREAD_PREFIX}blocks")
    try:
        for call in _calls(items, work):
            if not ahead and share.n_threads() == 1:
                yield call()
                continue
            # Threads do not inherit the context, in which a pulse finds the work it belongs to.
            ahead.append(pool.submit(copy_context().run, _timed, call))
            while len(ahead) >= share.n_threads():
                yield _next(ahead, share)
        while ahead:
            yield _next(ahead, share)
    finally:
        pool.shutdown(cancel_futures=True)


def _calls(items: Iterable[_Item], work: Callable[[_Item], _Made]) -> Iterator[Callable[[], _Made]]:
    """Yield work on each item; an error of the items comes last, as work that raises it."""
    try:
        for item in items:
            yield partial(work, item)
    except Exception as error:  # those of items before it come first
        yield partial(_raise, error)


def _raise(error: Exception) -> NoReturn:
    raise error


def _timed(call: Callable[[], _Made]) -> tuple[_Made, float]:
    """Return what a call makes, and the CPU-seconds that it takes."""
    started = time.thread_time()
    return call(), time.thread_time() - started


def _next(ahead: deque[Future[tuple[_Made, float]]], share: _Share) -> _Made:
    made, seconds = ahead.popleft().result()
    share.spent_s += seconds
    return made
