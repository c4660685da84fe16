"""Blocks of one fragment in threads: order, bounds, errors, stops, and shares of the threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ae_pipeline.cancellation import Abandoned, Pulse, beat, using
from ae_pipeline.dataset import Fragment
from ae_pipeline.results.dataset import FragmentResult
from ae_pipeline.results.progress import ProgressEvent, silent
from ae_pipeline.work import cpu_s, ordered_ahead, sharing
from tests.support.faults.works import done
from tests.support.jobs.attempts import for_each_fragment

#: How long tests wait for what must happen, before they fail.
PATIENCE_S = 30


def block_threads() -> list[threading.Thread]:
    """Threads of blocks that are alive."""
    return [one for one in threading.enumerate() if one.name.startswith("fragments-blocks")]


def test_results_keep_the_order_of_items() -> None:
    """Results come in the order of the items, although the second is done before the first."""
    is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert is_done.wait(PATIENCE_S)
        if item == 1:
            is_done.set()
        return 10 * item

    with sharing(lambda: 2):
        assert list(ordered_ahead(range(5), work)) == [0, 10, 20, 30, 40]
    assert block_threads() == []


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_the_look_ahead_is_bounded(n_threads: int) -> None:
    """No more items than threads are made and not yet used, the one in use among them."""
    n_made = 0

    def items() -> Iterator[int]:
        nonlocal n_made
        for item in range(8):
            n_made += 1
            yield item

    with sharing(lambda: n_threads):
        for n_used, item in enumerate(ordered_ahead(items(), lambda item: item)):
            assert item == n_used
            assert n_made == min(n_used + n_threads, 8)


@pytest.mark.parametrize("is_shared", [True, False])
def test_one_thread_works_by_itself(is_shared: bool) -> None:
    """With one thread, or outside of any job, work is done in the caller's."""

    def threads() -> set[threading.Thread]:
        return set(ordered_ahead(range(4), lambda _: threading.current_thread()))

    if is_shared:
        with sharing(lambda: 1):
            assert threads() == {threading.current_thread()}
    assert threads() == {threading.current_thread()}


@pytest.mark.parametrize("n_threads", [1, 4])
@pytest.mark.parametrize("bad_item", [1, 3])
def test_the_first_error_is_raised(n_threads: int, bad_item: int) -> None:
    """Whichever fails first in order is raised, after all results before it."""

    def items() -> Iterator[int]:
        yield from range(3)
        raise OSError("item 3")

    def work(item: int) -> int:
        if item == bad_item:
            raise ValueError(f"block {item}")
        return item

    used: list[int] = []
    error, message = (ValueError, "block 1") if bad_item == 1 else (OSError, "item 3")
    with sharing(lambda: n_threads), pytest.raises(error, match=message):
        used.extend(ordered_ahead(items(), work))
    assert used == list(range(bad_item))
    assert block_threads() == []


def test_closing_early_waits_for_what_runs() -> None:
    """After a consumer ends early nothing runs, and no item is made that was not yet."""
    made: list[int] = []
    ended: list[int] = []

    def items() -> Iterator[int]:
        for item in range(9):
            made.append(item)
            yield item

    with sharing(lambda: 3):
        ahead = ordered_ahead(items(), ended.append)
        next(ahead)
        ahead.close()
    assert made == [0, 1, 2]
    assert 0 in ended
    assert set(ended) <= set(made)
    assert block_threads() == []


def test_work_in_threads_is_cancelled() -> None:
    """Work in threads beats the pulse of its fragment, so that a cancelled one ends."""
    stop = threading.Event()

    def work(item: int) -> None:
        if item == 1:
            stop.set()
        beat()

    with using(Pulse(stop)), sharing(lambda: 2), pytest.raises(Abandoned):
        list(ordered_ahead(range(5), work))
    assert block_threads() == []


def test_cpu_time_of_threads_counts() -> None:
    """The CPU time of a fragment is that of its own thread and of the threads of its blocks."""

    def spend(_: int) -> None:
        started = time.thread_time()
        while time.thread_time() - started < 0.05:
            pass

    with sharing(lambda: 2):
        started, own = cpu_s(), time.thread_time()
        list(ordered_ahead(range(4), spend))
        assert cpu_s() - started >= 0.2 + (time.thread_time() - own)


def test_a_single_fragment_uses_all_threads() -> None:
    """As many blocks of a single fragment are in work as the job has workers."""
    together = threading.Barrier(3)

    def work(fragment: Fragment) -> FragmentResult:
        list(ordered_ahead(range(6), lambda _: together.wait(PATIENCE_S)))
        return done(fragment)

    fragments = [Fragment(Path("p"), "p", 0)]
    outcome = for_each_fragment(fragments, work, workers=3, stage="test", progress=silent)
    assert len(outcome.results) == 1


def test_the_last_fragment_uses_the_threads_of_others() -> None:
    """A fragment has one thread while as many others run, and all of them once those are done."""
    has_begun, is_alone, together = threading.Event(), threading.Event(), threading.Barrier(2)
    threads: list[str] = []

    def block(item: int) -> None:
        if item == 0:
            threads.append(threading.current_thread().name)
            has_begun.set()
            assert is_alone.wait(PATIENCE_S)
        else:
            together.wait(PATIENCE_S)

    def work(fragment: Fragment) -> FragmentResult:
        if fragment.relative == "long":
            list(ordered_ahead(range(5), block))
            threads.append(threading.current_thread().name)
        else:
            assert has_begun.wait(PATIENCE_S)
        return done(fragment)

    def progress(event: ProgressEvent) -> None:
        if event.detail == "short":
            is_alone.set()

    fragments = [Fragment(Path(name), name, 0) for name in ("long", "short")]
    for_each_fragment(fragments, work, workers=2, stage="test", progress=progress)
    assert threads[0] == threads[1]
