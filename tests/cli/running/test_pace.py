"""Rates and times in words."""

from __future__ import annotations

import pytest

from ae_pipeline.cli.running.pace import Pace, duration_words
from ae_pipeline.results.progress import ProgressEvent


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (40.0, "40 s"), (59.6, "1 min"), (720.0, "12 min"), (12_000.0, "3 h 20 min")],
)
def test_durations(seconds: float, words: str) -> None:
    """A duration has as many units as one cares for."""
    assert duration_words(seconds) == words


def test_rate_and_time_left() -> None:
    """A stage that has done a quarter in ten seconds needs thirty more, fewer as time passes."""
    pace = Pace(ProgressEvent("encode", 100, 400), first_s=5.0, first_done=0, last_s=15.0)
    assert pace.rate_words() == "10 files/s"
    assert pace.left_words(15.0) == "30 s left"
    assert pace.left_words(25.0) == "20 s left"
    assert pace.count_words() == "100 of 400 files"


def test_slow_stages_count_by_the_minute() -> None:
    """A file in half a minute is two in a minute, not 0.0333 in a second."""
    pace = Pace(ProgressEvent("verify", 1, 4), first_s=0.0, first_done=0, last_s=30.0)
    assert pace.rate_words() == "2 files/min"


@pytest.mark.parametrize("event", [ProgressEvent("encode", 0, 4), ProgressEvent("choose", 3, 9)])
def test_nothing_is_said_that_is_not_known(event: ProgressEvent) -> None:
    """Before the first unit, and where units take very different times, there is no forecast."""
    pace = Pace(event, first_s=0.0, first_done=0, last_s=30.0)
    assert (pace.rate_words(), pace.left_words(30.0)) == ("", "")


def test_a_stage_that_runs_again_starts_anew() -> None:
    """An event with fewer units done belongs to another run of the stage, or another stage."""
    pace = Pace.begun(ProgressEvent("train", 500, 1000), 3.0)
    assert pace.goes_on(ProgressEvent("train", 600, 1000))
    assert not pace.goes_on(ProgressEvent("train", 20, 1000))
    assert not pace.goes_on(ProgressEvent("table", 600, 1000))
