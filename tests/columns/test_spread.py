"""Spread: how far ordinary values reach, whatever lies beyond them."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.columns import ColumnStatistics, measure
from ae_pipeline.columns.spread import MOST_LEVELS, Spread, measure_spread


def spread_of(values: np.ndarray) -> Spread:
    """Of one column; NaN is missing."""
    return measure_spread(measure(values[None, :], np.random.default_rng(0)), 0)


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(-7.0, 12.0, 5000),
        np.sin(np.arange(5000.0)),
        np.random.default_rng(0).normal(1e6, 1.0, 50_000),
        np.random.default_rng(0).exponential(3.0, 20_000),
        np.cumsum(np.random.default_rng(0).random(5000)),
    ],
    ids=["line", "wave", "normal", "exponential", "counter"],
)
def test_well_behaved_columns_have_their_range(values: np.ndarray) -> None:
    """The spread is maximum - minimum where no value stands out, within 20 % for any bell."""
    spread = spread_of(values)
    assert 0.8 * np.ptp(values) <= spread.width <= np.ptp(values)
    assert (spread.low, spread.high) == (values.min(), values.max())
    assert spread.fill_values == ()


@pytest.mark.parametrize("wild", [429_000.0, -1e9, 1e300])
@pytest.mark.parametrize("n_wild", [1, 40])
def test_outliers_do_not_count(wild: float, n_wild: int) -> None:
    """One wild value or some change neither the width nor the bounds of the others."""
    tame = np.random.default_rng(2).lognormal(2.5, 0.6, 5000)
    values = tame.copy()
    values[:n_wild] = wild * (1.0 + np.arange(n_wild) / 100)
    expected, found = spread_of(tame), spread_of(values)
    assert found.width == pytest.approx(expected.width, rel=0.05)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.05)


@pytest.mark.parametrize("fill", [-999.0, 1e20, 9.969209968386869e36, -32768.0])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.6])
def test_fill_values_are_found(fill: float, share: float) -> None:
    """A value far from all others that many rows share is named, and measures nothing."""
    generator = np.random.default_rng(3)
    values = generator.normal(15.0, 3.0, 10_000)
    values[generator.random(10_000) < share] = fill
    spread = spread_of(values)
    assert spread.fill_values == (fill,)
    assert 0 < spread.low < spread.high < 40


def test_rows_of_zeros_do_not_narrow_the_others() -> None:
    """Where most rows are 0, the others tell how far values reach."""
    values = np.random.default_rng(4).exponential(2.0, 10_000)
    values[np.arange(10_000) % 50 != 0] = 0.0
    spread = spread_of(values)
    assert spread.usual == 0.0
    assert spread.high == values.max()
    assert 0.05 * values.max() < spread.width <= values.max()


@pytest.mark.parametrize("n_levels", [1, 2, MOST_LEVELS])
def test_few_levels_have_no_spread(n_levels: int) -> None:
    """Flags and the like, and what hardly ever changes, are nothing to be relative to."""
    values = np.zeros(10_000)
    values[:n_levels] = np.arange(n_levels)
    assert spread_of(values).width == 0.0


def test_no_values() -> None:
    """A column without a finite value has no spread and no bounds."""
    for statistics in (ColumnStatistics.empty(1), measure(np.full((1, 5), np.nan), _generator())):
        spread = measure_spread(statistics, 0)
        assert spread.width == 0.0
        assert np.isnan(spread.low)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60))
def test_any_values(values: list[float]) -> None:
    """The width is finite and at most the range, and bounds are values that were seen."""
    column = np.array(values, np.float64)
    spread = spread_of(column)
    assert np.isfinite(spread.width)
    if spread.width:
        assert spread.width <= float(column.max()) - float(column.min())
        assert {spread.low, spread.high} <= set(values)


@given(st.integers(0, 2**32 - 1))
def test_a_hundredth_keeps_99_percent_of_the_variance(seed: int) -> None:
    """Errors of a hundredth of the spread, each as large as may be, leave R2 >= 0.99."""
    generator = np.random.default_rng(seed)
    values = generator.lognormal(0.0, 3.0 * generator.random(), 2000)
    values *= generator.random(2000) < generator.random()
    worst = (0.01 * spread_of(values).width) ** 2
    assert worst <= 0.01 * max(values.var(), 1e-300) * (1 + 1e-9)


def test_merged_statistics_say_the_same() -> None:
    """Blocks measured apart and merged have about the spread of all rows."""
    values = np.random.default_rng(5).normal(0.0, 1.0, 60_000)
    values[::1000] = 1e6
    generator = _generator()
    parts = [measure(part[None, :], generator) for part in np.split(values, 6)]
    merged = measure_spread(reduce(ColumnStatistics.merge, parts), 0)
    assert merged.width == pytest.approx(spread_of(values).width, rel=0.1)
    assert merged.fill_values == (1e6,)


def _generator() -> np.random.Generator:
    return np.random.default_rng(0)
