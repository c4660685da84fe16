"""Bars in a terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from ae_pipeline.cli.running.progress import progress_bars, showing_progress
from ae_pipeline.cli.running.session import Session, begun
from ae_pipeline.results.progress import ProgressEvent, silent

STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def last_lines(width: int, *events: ProgressEvent) -> list[str]:
    """What bars show at the end of events that come a second after each other."""
    screen, seconds = io.StringIO(), iter(map(float, range(100)))
    console = Console(file=screen, force_terminal=True, width=width)
    with progress_bars(lambda: next(seconds), console) as listen:
        for event in events:
            listen(event)
    lines = STYLE.sub("", screen.getvalue()).replace("\r", "\n").split("\n")
    stages = {event.stage for event in events}
    return [next(line for line in lines[::-1] if line.startswith(stage)) for stage in stages]


@pytest.mark.parametrize("width", [80, 120])
def test_bars_have_rate_and_time_left(width: int) -> None:
    """A bar says how fast its stage goes and when it ends, on one line of the terminal."""
    name = "day=2026-11-29/" + "long-" * 30 + ".parquet"
    (line,) = last_lines(
        width, ProgressEvent("encode", 0, 60), ProgressEvent("encode", 4, 60, name)
    )
    assert "4/60" in line
    assert "4 files/s, 14 s left, day=2026" in line
    assert len(line) <= width


def test_bar_of_candidates() -> None:
    """While a codec is chosen, the line names the candidate that is tried and the best so far."""
    (line,) = last_lines(80, ProgressEvent("choose", 3, 9, "candidate 4 of 9, best so far 12.3x"))
    assert "candidate 4 of 9, best so far 12.3x" in line


def test_none_where_quiet() -> None:
    """A verb that was asked to be quiet has a listener that ignores all."""
    with begun(Session(is_quiet=True)), showing_progress() as listen:
        assert listen is silent
