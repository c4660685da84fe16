"""Column statistics: one pass, any split, bounded memory."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.columns import (
    ColumnStatistics,
    TableSchema,
    measure,
    priority_threshold,
    resolve_tolerances,
)
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from tests.support.strategies.values import blocks_of_values

#: What a sample holds at most; part of the promise of bounded memory.
SAMPLE_ROWS = 1 << 14
SAMPLE_VALUES = 1 << 22


def measure_parts(values: np.ndarray, cuts: list[int], order: st.DataObject) -> ColumnStatistics:
    """Statistics of `values` cut into parts and merged in the order drawn."""
    generator = np.random.default_rng(0)
    bounds = sorted(min(cut, values.shape[1]) for cut in cuts)
    parts = [measure(part, generator) for part in np.split(values, bounds, axis=1)]
    parts = order.draw(st.permutations([*parts, ColumnStatistics.empty(len(values))]))
    return reduce(ColumnStatistics.merge, parts)


def sorted_rows(rows: np.ndarray) -> np.ndarray:
    """Rows in an order of their own, to compare them as sets."""
    return rows[np.lexsort(np.nan_to_num(rows, nan=1e9).T)]


@given(blocks_of_values(), st.lists(st.integers(0, 40), max_size=4), st.data())
def test_merging_equals_one_pass(values: np.ndarray, cuts: list[int], data: st.DataObject) -> None:
    """Any split, merged in any order, gives numpy's statistics of all rows together."""
    found = measure_parts(values, cuts, data)
    is_present = ~np.isnan(values)
    assert found.n_rows == values.shape[1]
    np.testing.assert_array_equal(found.count, is_present.sum(axis=1))
    np.testing.assert_array_equal(found.n_missing, (~is_present).sum(axis=1))
    for feature, column in enumerate(values):
        present = column[~np.isnan(column)]
        assert found.mean[feature] == pytest.approx(
            present.mean() if len(present) else 0.0, rel=1e-9, abs=1e-6
        )
        assert found.std[feature] == pytest.approx(
            present.std() if len(present) else 0.0, rel=1e-9, abs=1e-6
        )
        extremes = (present.min(), present.max()) if len(present) else (np.nan, np.nan)
        np.testing.assert_array_equal([found.minimum[feature], found.maximum[feature]], extremes)


@given(blocks_of_values(), st.lists(st.integers(0, 40), max_size=4), st.data())
def test_small_sample_is_everything(
    values: np.ndarray, cuts: list[int], data: st.DataObject
) -> None:
    """While the rows fit, the sample holds every one of them, NaN included."""
    found = measure_parts(values, cuts, data)
    np.testing.assert_array_equal(sorted_rows(found.sample), sorted_rows(values.T))
    assert found.priorities.shape == (values.shape[1],)


def test_sample_is_uniform(generator: np.random.Generator) -> None:
    """Each row is as likely to be sampled as any other, wherever its block was merged."""
    n_rows, n_bins = 50_000, 20
    values = np.arange(n_rows, dtype=np.float64)[None]
    parts = [measure(part, generator) for part in np.split(values, [10, 9_000, 30_000], axis=1)]
    sample = reduce(ColumnStatistics.merge, parts).sample[:, 0]
    assert len(np.unique(sample)) == len(sample) == SAMPLE_ROWS
    found, _ = np.histogram(sample, bins=n_bins, range=(0, n_rows))
    expected = SAMPLE_ROWS / n_bins
    # 43.8 is the 99.9 % point of chi-square with 19 degrees of freedom.
    assert ((found - expected) ** 2 / expected).sum() < 43.8


def test_sample_does_not_depend_on_order(generator: np.random.Generator) -> None:
    """Blocks merged in another order sample the same rows."""
    parts = [measure(generator.normal(size=(2, 8_000)), generator) for _ in range(4)]
    samples = [reduce(ColumnStatistics.merge, chosen).sample for chosen in (parts, parts[::-1])]
    np.testing.assert_array_equal(*map(sorted_rows, samples))


def test_sample_keeps_rows_together(generator: np.random.Generator) -> None:
    """A sampled row holds the values of one row, not a mixture."""
    first = generator.normal(size=20_000)
    sample = measure(np.stack([first, first * 2]), generator).sample
    np.testing.assert_array_equal(sample[:, 1], sample[:, 0] * 2)


def test_sample_of_a_wide_table_is_bounded(generator: np.random.Generator) -> None:
    """The sample of a wide table holds fewer rows, so that memory does not grow with columns."""
    n_features = 1 << 13
    values = np.ones((n_features, 600))
    found = measure(values, generator).merge(measure(values, generator))
    assert found.n_rows == 1200
    assert found.sample.shape == (SAMPLE_VALUES // n_features, n_features)


def test_same_seed_same_statistics() -> None:
    """The same generator gives the same sample."""
    values = np.random.default_rng(1).normal(size=(2, 20_000))
    first, second = (measure(values, np.random.default_rng(7)).sample for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_no_rows(generator: np.random.Generator) -> None:
    """No rows have no values, no spread and no extremes."""
    for found in (ColumnStatistics.empty(2), measure(np.empty((2, 0)), generator)):
        assert found.n_rows == 0
        np.testing.assert_array_equal(found.count, [0, 0])
        np.testing.assert_array_equal(found.std, [0, 0])
        np.testing.assert_array_equal(found.minimum, [np.nan, np.nan])
        assert found.sample.shape == (0, 2)


def test_missing_columns(generator: np.random.Generator) -> None:
    """A column of NaN counts as missing everywhere and leaves its neighbour alone."""
    values = np.array([[np.nan] * 3, [1.0, np.nan, 3.0]])
    found = measure(values, generator)
    np.testing.assert_array_equal(found.n_missing, [3, 1])
    np.testing.assert_array_equal(found.minimum, [np.nan, 1])
    np.testing.assert_array_equal(found.maximum, [np.nan, 3])
    np.testing.assert_array_equal(found.mean, [0, 2])
    np.testing.assert_array_equal(found.std, [0, 1])


def test_large_offset_keeps_the_spread(generator: np.random.Generator) -> None:
    """A spread of one around a billion is still one after many merges."""
    values = 1e9 + generator.normal(size=(1, 100_000))
    parts = [measure(part, generator) for part in np.split(values, 50, axis=1)]
    assert reduce(ColumnStatistics.merge, parts).std[0] == pytest.approx(values.std(), rel=1e-9)


@pytest.mark.parametrize("n_rows", [2, 400])
def test_extremes_of_float64_raise_no_warning(n_rows: int, generator: np.random.Generator) -> None:
    """Sums that overflow say so in `m2`; counts, extremes and sample stay exact."""
    values = np.array([[-1.7e308, 1.7e308] * (n_rows // 2), [1.0, 2.0] * (n_rows // 2)])
    half = measure(values, generator)
    found = half.merge(half)
    assert not np.isfinite(found.m2[0])
    assert found.std[1] == 0.5
    np.testing.assert_array_equal(found.minimum, [-1.7e308, 1])
    np.testing.assert_array_equal(found.maximum, [1.7e308, 2])


@pytest.mark.parametrize("value", [1e200, -1e308, 5e-324])
def test_empty_side_changes_nothing(value: float, generator: np.random.Generator) -> None:
    """Merging with no rows leaves even huge and tiny values as they were."""
    one = measure(np.full((1, 1), value), generator)
    nothing = ColumnStatistics.empty(1)
    for merged in (one.merge(nothing), nothing.merge(one)):
        assert (merged.mean[0], merged.m2[0], merged.count[0]) == (value, 0.0, 1)


@pytest.mark.parametrize("value", [0.1, -1e-300, 1.7e308, 123456.789, 5e-324])
def test_constant_has_no_spread(value: float, generator: np.random.Generator) -> None:
    """The standard deviation of a constant is 0, not rounding noise, however it was merged."""
    parts = [measure(np.full((1, n), value), generator) for n in (1, 3, 999, 10_007)]
    assert [part.std[0] for part in parts] == [0.0] * len(parts)
    assert reduce(ColumnStatistics.merge, parts).std[0] == 0.0


def test_constant_with_a_tolerance_of_its_spread(generator: np.random.Generator) -> None:
    """A constant under a tolerance in standard deviations is exact."""
    statistics = measure(np.full((1, 1000), 0.1), generator)
    config = ToleranceConfig(rules=(ToleranceRule(match="x", kind="std", value=0.01),))
    schema = TableSchema(pa.schema([("x", pa.float64())]), ("x",))
    (quantizer,) = resolve_tolerances(config, schema, statistics)
    assert quantizer.promise.is_exact


@pytest.mark.parametrize("n_features", [1, 300])
def test_a_threshold_changes_no_sample(n_features: int) -> None:
    """Parts that leave out rows above it merge to the same sample, and hold hardly more of it."""
    values = np.random.default_rng(0).normal(size=(n_features, 60_000))
    threshold = priority_threshold(60_000, n_features)

    def parts(threshold: float) -> list[ColumnStatistics]:
        generator = np.random.default_rng(1)
        return [measure(part, generator, threshold) for part in np.split(values, 20, axis=1)]

    few, all_rows = parts(threshold), parts(1.0)
    merged, expected = (reduce(ColumnStatistics.merge, some) for some in (few, all_rows))
    assert sorted(merged.priorities) == sorted(expected.priorities)
    assert merged.sample.sum() == pytest.approx(expected.sample.sum(), rel=1e-12)
    assert sum(len(one.sample) for one in few) <= 1.2 * len(merged.sample)
