"""What is told while candidates are measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.results.progress import ProgressEvent
from ae_pipeline.verbs import encode
from tests.support.data.datasets import mixed_tree


def test_candidates_are_told_of(tmp_path: Path) -> None:
    """Each candidate is told of with its number, of how many, and how good the best is so far."""
    events: list[ProgressEvent] = []
    places = {"source": str(mixed_tree(tmp_path / "source")), "archive": str(tmp_path / "archive")}
    encode(EncodeJob(**places, planner={"learn": "linear", "budget_s": 1.0}), events.append)
    told = [event for event in events if event.stage == "choose"]
    assert [event.done for event in told] == [*range(1, len(told)), told[-1].done]
    assert told[0].detail.startswith("candidate 2 of 3, best so far ")
    assert told[-1].done == told[-1].total
    best = [float(event.detail.rpartition(" ")[2].removesuffix("x")) for event in told]
    assert best == sorted(best)
    assert best[-1] == pytest.approx(max(best))
