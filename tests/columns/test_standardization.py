"""Centre and scale of columns, of tame and of wild ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from ae_pipeline.columns import (
    ColumnStatistics,
    Standardization,
    fit_standardization,
    is_rare,
    measure,
)
from tests.support.tables import blocks_of_values


def fit(*columns: np.ndarray | list[float], clip_sigma: float = 10.0) -> Standardization:
    """Standardization of whole columns."""
    values = np.array(columns, np.float64)
    return fit_standardization(measure(values, np.random.default_rng(0)), clip_sigma)


def test_tame_column_has_exact_moments(generator: np.random.Generator) -> None:
    """Ordinary columns get the mean and standard deviation of all rows."""
    columns = np.stack([generator.normal(7, 3, 40_000), generator.uniform(-1, 1, 40_000)])
    found = fit(*columns)
    np.testing.assert_allclose(found.center, columns.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.scale, columns.std(axis=1), rtol=1e-12)
    assert found.n_inputs == 2
    assert found.clip_sigma == 10.0


@given(blocks_of_values(max_rows=60))
def test_scale_is_usable_and_center_is_inside(values: np.ndarray) -> None:
    """Whatever a column holds, its scale divides or is 0, its centre lies between its extremes."""
    found = fit(*values)
    assert (found.scale >= 0).all()
    assert np.isfinite(1 / found.scale[~found.is_constant]).all()
    for column, center in zip(values, found.center, strict=True):
        present = column[~np.isnan(column)]
        if len(present):
            slack = 1e-9 * np.abs(present).max()
            assert present.min() - slack <= center <= present.max() + slack
        else:
            assert np.isnan(center)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e-300, 5e-324, 1.7e308, 123456789.123])
@pytest.mark.parametrize("n_rows", [1, 3, 1000])
def test_constant_column_keeps_its_value(value: float, n_rows: int) -> None:
    """A column of one value is no input and is remembered exactly."""
    found = fit([value] * n_rows)
    assert (found.center[0], found.scale[0]) == (value, 0.0)
    assert found.is_constant[0]
    assert found.n_inputs == 0


def test_constant_column_with_gaps() -> None:
    """Missing values between do not make a constant column vary."""
    found = fit([np.nan, 0.1, 0.1, np.nan, 0.1])
    assert (found.center[0], found.scale[0]) == (0.1, 0.0)


def test_column_without_values() -> None:
    """A column that is missing everywhere is constant, with NaN as its value."""
    found = fit([np.nan] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_array_equal(found.is_constant, [True, False])
    assert np.isnan(found.center[0])


def test_no_rows() -> None:
    """Nothing measured is nothing to standardise by."""
    found = fit_standardization(ColumnStatistics.empty(2), 10.0)
    assert found.is_constant.all()
    assert np.isnan(found.center).all()


@pytest.mark.parametrize("outlier", [1e30, -1e30, 1.7e308, 3e7])
@pytest.mark.parametrize("ordinary", [1.0, 0.1])
def test_only_an_outlier_varies(outlier: float, ordinary: float) -> None:
    """One wild value in a column of equal ones does not make it vary."""
    found = fit([ordinary] * 999 + [outlier])
    assert (found.center[0], found.scale[0]) == (ordinary, 0.0)


@pytest.mark.parametrize("rare", [1.0, -3.0, 1e9])
def test_rare_values_are_a_signal(rare: float) -> None:
    """A column that is seldom anything but zero varies, by a scale that does not clip it."""
    column = [0.0] * 998 + [rare] * 2
    assert fit(column).scale[0] == pytest.approx(abs(rare) / 10.0)
    assert fit(column, clip_sigma=1000.0).scale[0] == pytest.approx(np.std(column))


@pytest.mark.parametrize("n_rare", [2, 5, 50])
def test_rare_values_of_many_rows(n_rare: int) -> None:
    """However many rows have one value, a few of another that repeat are a signal."""
    column = [0.0] * 100_000 + [1.0] * n_rare
    found = fit(column)
    assert (found.center[0], found.scale[0]) == (0.0, 0.1)
    assert is_rare(measure(np.array([column]), np.random.default_rng(0)))[0]


def test_rare_columns() -> None:
    """Rare is what leaves one value in a few rows: not a constant, and not what spreads."""
    columns = [[1.0] * 1000, [1.0] * 999 + [2.0], list(range(1000)), [np.nan] * 1000]
    statistics = measure(np.array(columns), np.random.default_rng(0))
    assert is_rare(statistics).tolist() == [False, True, False, False]


def test_far_value_does_not_flatten_the_others(generator: np.random.Generator) -> None:
    """One value 24,886 standard deviations out changes nothing for the other rows."""
    tame = generator.normal(5, 2, 100_000)
    found = fit(np.append(tame, 5 + 24_886 * 2.0))
    assert found.center[0] == pytest.approx(tame.mean(), abs=0.1)
    assert found.scale[0] == pytest.approx(tame.std(), rel=0.05)


def test_outlier_does_not_set_the_scale(generator: np.random.Generator) -> None:
    """One wild value leaves centre and scale where the others have them."""
    tame = generator.normal(5, 2, 4_000)
    found = fit(np.append(tame, 1e30))
    assert found.center[0] == pytest.approx(tame.mean(), rel=1e-9)
    assert found.scale[0] == pytest.approx(tame.std(), rel=1e-9)


@pytest.mark.parametrize("n_rows", [2, 10, 400])
def test_extremes_of_float64(n_rows: int) -> None:
    """A column that jumps between the ends of float64 has a centre and a scale, both finite."""
    found = fit([-1.7e308, 1.7e308] * (n_rows // 2))
    assert found.center[0] == 0.0
    assert found.scale[0] == pytest.approx(1.7e308)


def test_huge_values_of_one_sign() -> None:
    """Sums beyond float64 do not spoil the centre."""
    found = fit([1.6e308, 1.7e308] * 50)
    assert found.center[0] == pytest.approx(1.65e308)
    assert found.scale[0] == pytest.approx(0.05e308)


def test_subnormal_spread_is_constant() -> None:
    """A spread that cannot be divided by counts as none."""
    found = fit([5e-324, 1e-320, 1.5e-320] * 10)
    assert found.scale[0] == 0.0
    assert 5e-324 <= found.center[0] <= 1.5e-320


@pytest.mark.parametrize("spread", [1e-100, 1e-160, 1e-200, 1e-300])
def test_small_but_normal_spread_is_kept(spread: float) -> None:
    """A spread whose square is nothing in float64 is small, not absent."""
    found = fit([0.0, 2 * spread] * 10)
    assert found.scale[0] == pytest.approx(spread, rel=1e-9, abs=0)
    assert found.center[0] == pytest.approx(spread, rel=1e-9, abs=0)


def test_rare_column_that_the_sample_missed() -> None:
    """A column with so few values that the sample holds none has the moments of its values."""
    values = np.full((1, 60_000), np.nan)
    values[0, [7, 9]] = [1.0, 3.0]
    statistics = next(
        found
        for seed in range(20)
        if np.isnan((found := measure(values, np.random.default_rng(seed))).sample).all()
    )
    found = fit_standardization(statistics, 10.0)
    assert (found.center[0], found.scale[0]) == (2.0, 1.0)


def test_columns_do_not_touch_each_other(generator: np.random.Generator) -> None:
    """A column's centre and scale are the same alone and beside wild ones."""
    tame = generator.normal(size=500)
    wild = [[1e30] + [0.0] * 499, [1.7e308, -1.7e308] * 250, [np.nan] * 500]
    alone, together = fit(tame), fit(*wild, tame)
    assert (together.center[3], together.scale[3]) == (alone.center[0], alone.scale[0])
