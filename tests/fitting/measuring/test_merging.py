"""Statistics of runs become those of whole fragments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ae_pipeline.columns import measure
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.fitting.measuring import MeasuredRun, Merging, Run
from ae_pipeline.results.dataset import FragmentFailure


def run(name: str, number: int = 0, n_runs: int = 1) -> Run:
    """A run of one row group."""
    return Run(Fragment(Path(name), name, 0), (number,), 4, number, n_runs)


def found(value: float) -> MeasuredRun:
    """Statistics of four rows."""
    return MeasuredRun(measure(np.full((1, 4), value), np.random.default_rng(0)))


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_a_fragment_counts_whole_or_not_at_all(damaged: int) -> None:
    """Damage in any run of a fragment takes its other runs out, those that came before too."""
    merging, complaint = Merging(1), CorruptFragmentError("torn", where="b")
    merging.take(run("a"), found(1.0))
    for number in range(3):
        made = MeasuredRun(None, complaint) if number == damaged else found(100.0)
        merging.take(run("b", number, 3), made)
    merging.take(run("c"), found(3.0))
    assert (merging.statistics.n_rows, merging.statistics.maximum[0]) == (8, 3.0)
    assert merging.damaged == {"b": complaint}


def test_a_fragment_that_kills_its_workers_is_left_out() -> None:
    """What no worker survives is named as damage, not met again in this process."""
    merging = Merging(1)
    merging.take(run("a"), FragmentFailure("a", "2 worker processes died at it", False))
    assert "2 worker processes died at it" in str(merging.damaged["a"])


def test_trouble_that_is_no_damage_is_raised() -> None:
    """An I/O error ends the fit, as another attempt may succeed."""
    with pytest.raises(TimeoutError):
        Merging(1).take(run("a"), MeasuredRun(None, TimeoutError(110, "timed out")))
