"""Lines that tell how far a verb is where there is no terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from ae_pipeline.cli.running.heartbeat import Heartbeat, beating
from ae_pipeline.results.progress import ProgressEvent


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now_s


def test_lines() -> None:
    """A line has the stage, what is done, the rate, and the time spent and left."""
    clock, lines = Clock(), list[str]()
    heartbeat = Heartbeat(lines.append, clock)
    clock.now_s = 30.0
    heartbeat.beat()
    heartbeat.listen(ProgressEvent("encode", 0, 400))
    clock.now_s = 60.0
    heartbeat.listen(ProgressEvent("encode", 60, 400, "day=3/a\nb.parquet"))
    clock.now_s = 70.0
    heartbeat.beat()
    assert lines == [
        "at work: 30 s so far",
        r"encode: 60 of 400 files, 2 files/s, 1 min so far, 3 min left: day=3/a\nb.parquet",
    ]


def test_candidates() -> None:
    """While a codec is chosen, the line says which candidate is tried and how good the best is."""
    clock, lines = Clock(), list[str]()
    heartbeat = Heartbeat(lines.append, clock)
    heartbeat.listen(ProgressEvent("choose", 3, 9, "candidate 4 of 9, best so far 12.3x"))
    clock.now_s = 30.0
    heartbeat.beat()
    heartbeat.listen(ProgressEvent("train", 20, 100, "loss 0.2"))
    heartbeat.beat()
    assert lines == [
        "choose: 30 s so far: candidate 4 of 9, best so far 12.3x",
        "train: 20 of 100 steps, 30 s so far: candidate 4 of 9, best so far 12.3x; loss 0.2",
    ]


def test_beats_until_the_end() -> None:
    """The thread beats after each pause, without an event, and ends with the block."""
    lines: list[str] = []
    three = threading.Event()

    def pauses() -> Iterator[bool]:
        yield from (False, False, False)
        three.set()
        yield True

    ended = pauses()
    with beating(Heartbeat(lines.append, Clock()), lambda _: next(ended)):
        assert three.wait(60)
    assert lines == ["at work: 0 s so far"] * 3


def test_a_short_block_says_nothing() -> None:
    """A block that ends before the first pause does leaves no line and no thread."""
    lines: list[str] = []
    with beating(Heartbeat(lines.append)):
        pass
    assert lines == []
    assert not [one for one in threading.enumerate() if one.name == "heartbeat"]
