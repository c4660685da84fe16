"""Work on many fragments: failures, bugs, stops, and storage that does not answer."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from ae_pipeline.cancellation import Abandoned, Pulse, beat, using
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.publish import publishing
from ae_pipeline.results.dataset import FragmentResult
from ae_pipeline.results.progress import ProgressEvent, silent
from ae_pipeline.work import in_threads
from ae_pipeline.work.threads import handed_over
from tests.support.faults.works import Word, done
from tests.support.jobs.attempts import for_each_fragment

FRAGMENTS = tuple(Fragment(Path(f"part-{n}"), f"part-{n}", 0) for n in range(6))


def test_failures_are_named_and_the_others_finish() -> None:
    """Errors of data and of I/O become failures; only those of I/O are retriable."""

    def work(fragment: Fragment) -> FragmentResult:
        if fragment.relative == "part-1":
            raise CorruptFragmentError("damaged")
        if fragment.relative == "part-2":
            raise TimeoutError(110, "timed out")
        return done(fragment)

    outcome = for_each_fragment(FRAGMENTS, work, workers=2, stage="test", progress=silent)
    assert [one.relative for one in outcome.results] == ["part-0", "part-3", "part-4", "part-5"]
    assert [(one.relative, one.is_retriable) for one in outcome.failures] == [
        ("part-1", False),
        ("part-2", True),
    ]


@pytest.mark.parametrize("at_once", [1, 2, 4, 100])
def test_fragments_taken_together_stay_apart(at_once: int) -> None:
    """However many a thread takes in one go, each is told alone, and all come back in order."""
    told: list[ProgressEvent] = []
    made = in_threads(
        FRAGMENTS,
        lambda fragment: fragment.relative,
        workers=2,
        stage="test",
        progress=told.append,
        at_once=at_once,
    )
    assert made == [fragment.relative for fragment in FRAGMENTS]
    assert [event.done for event in told] == list(range(len(FRAGMENTS) + 1))
    assert {event.detail for event in told[1:]} == set(made)


@pytest.mark.parametrize("workers", [1, 2])
def test_few_results_wait_to_be_taken(workers: int) -> None:
    """Results are taken in order; while the first is awaited, only a few others are begun."""
    words = [Word(f"w{number:03}") for number in range(100)]
    is_full, begun, taken = threading.Event(), list[str](), list[str]()

    def work(word: Word) -> str:
        begun.append(word.relative)
        if word == words[0] and workers > 1:
            assert is_full.wait(30)
        if len(begun) == 4 * workers:
            is_full.set()
        return word.relative

    def take(word: Word, made: str) -> None:
        assert made == word.relative
        assert len(begun) <= len(taken) + 4 * workers
        taken.append(made)

    handed_over(words, work, take, workers=workers, stage="test", progress=silent)
    assert taken == [word.relative for word in words]


def test_a_taker_that_fails_stops_the_work() -> None:
    """Whoever takes results may end the work; what was not begun never is."""
    begun: list[str] = []

    def take(*_: object) -> None:
        raise KeyError("enough")

    words = [Word(str(number)) for number in range(100)]
    with pytest.raises(KeyError, match="enough"):
        handed_over(
            words,
            lambda word: begun.append(word.relative),
            take,
            workers=2,
            stage="test",
            progress=silent,
        )
    assert len(begun) <= 8


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit(143), KeyError("bug")])
def test_a_stop_cancels_running_fragments(
    stop: BaseException | type[BaseException], tmp_path: Path
) -> None:
    """After a stop no fragment starts, and those that were running leave no half-written file."""
    begun: list[str] = []
    both_write = threading.Barrier(2, timeout=30)

    def work(fragment: Fragment) -> FragmentResult:
        begun.append(fragment.relative)
        if fragment.relative == "part-0":
            return done(fragment)
        with publishing(tmp_path / fragment.relative) as temporary:
            temporary.write_bytes(b"half")
            both_write.wait()
            while True:
                beat()

    def progress(event: object) -> None:
        if begun:
            both_write.wait()
            raise stop

    with pytest.raises(stop if isinstance(stop, type) else type(stop)):
        for_each_fragment(FRAGMENTS, work, workers=1, stage="test", progress=progress)
    assert begun == ["part-0", "part-1"]
    assert list(tmp_path.iterdir()) == []


def test_fragments_without_progress_are_named(caplog: pytest.LogCaptureFixture) -> None:
    """A fragment that hangs is named, and again after a longer wait; a slow one is not."""
    answers = threading.Event()
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())
            if len(messages) == 2:
                answers.set()

    def work(fragment: Fragment) -> FragmentResult:
        while fragment.relative == "part-1" and not answers.is_set():
            beat()  # slow, but making progress
        if fragment.relative == "part-2":
            answers.wait()
        return done(fragment)

    logger, listener = logging.getLogger("ae_pipeline.work.watchdog"), Listener()
    logger.addHandler(listener)
    try:
        outcome = for_each_fragment(
            FRAGMENTS, work, workers=3, stage="test", progress=silent, patience_s=0.5
        )
    finally:
        logger.removeHandler(listener)
    assert len(outcome.results) == len(FRAGMENTS)
    assert all("part-2 (" in message for message in messages)
    assert "does their storage answer?" in messages[0]


def test_a_pulse_ends_cancelled_work() -> None:
    """A beat passes until the work is cancelled, and does nothing outside of any work."""
    stop = threading.Event()
    beat()
    with using(Pulse(stop)):
        beat()
        stop.set()
        with pytest.raises(Abandoned):
            beat()
    beat()
