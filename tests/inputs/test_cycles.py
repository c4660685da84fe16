"""Cycles of points in time: which a column has, and what a network sees of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.columns import ColumnStatistics, measure
from ae_pipeline.inputs import Cycle, choose_cycles, possible_cycles

HOUR = 3600
HOURLY = pa.timestamp("s", "UTC")


def measured(values: np.ndarray) -> ColumnStatistics:
    """Statistics of one column of whole numbers."""
    return measure(values.astype(np.float64)[None], np.random.default_rng(0))


def names(kind: pa.DataType, values: np.ndarray) -> list[str]:
    """Names of the cycles that a column of these values has."""
    return [cycle.name for cycle in choose_cycles(kind, measured(values))]


def test_phases_turn_with_the_period() -> None:
    """Cosine and sine are those of the phase, of unit variance, and the same after a period."""
    day = Cycle("day", 86_400.0)
    found = day.expand(np.array([0.0, 6, 12, 18, 24 + 6, -6, np.nan]) * HOUR)
    root = 2**0.5
    expected = [[root, 0], [0, root], [-root, 0], [0, -root], [0, root], [0, -root]]
    np.testing.assert_allclose(found[:-1], expected, atol=1e-6)
    assert np.isnan(found[-1]).all()
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("n_days", "expected"),
    [(1, []), (3, ["day"]), (15, ["day", "week"]), (800, ["day", "week", "year"])],
)
def test_a_range_covers_its_cycles_twice(n_days: int, expected: list[str]) -> None:
    """A column has the cycles that its range covers at least twice."""
    assert names(HOURLY, np.arange(n_days * 24) * HOUR) == expected


def test_midnights_have_no_hour() -> None:
    """A cycle whose phase is always the same is none."""
    assert names(HOURLY, np.arange(30) * 24 * HOUR) == ["week"]


def test_dates_and_times_have_their_own() -> None:
    """Dates have no hour of the day, times nothing else, and other columns none at all."""
    assert names(pa.date32(), np.arange(800)) == ["week", "year"]
    assert names(pa.date64(), np.arange(800) * 86_400_000) == ["week", "year"]
    assert names(pa.time64("us"), np.arange(24) * HOUR * 10**6) == ["day"]
    assert possible_cycles(pa.int64()) == {}
    assert possible_cycles(pa.duration("s")) == {}


def test_a_constant_and_an_empty_column_have_none() -> None:
    """Without two values there is no cycle."""
    assert names(HOURLY, np.full(5, 7)) == []
    assert names(pa.time32("s"), np.full(3, np.nan)) == []
