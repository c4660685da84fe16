"""Errors of a reconstruction, against the formulas."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ae_pipeline.coding import Promise
from ae_pipeline.columns import (
    ErrorMetrics,
    ErrorSums,
    column_metrics,
    mean_metrics,
    measure_errors,
)
from ae_pipeline.columns.fidelity import variance_kept
from tests.support.tables import blocks_of_values


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source, reconstruction and mismatch counts of the same shape."""
    source = draw(blocks_of_values())
    value = st.floats(-1e6, 1e6) | st.just(np.nan)
    reconstruction = draw(st_numpy.arrays(np.float64, source.shape, elements=value))
    counts = st_numpy.arrays(np.int64, len(source), elements=st.integers(0, 9))
    return source, reconstruction, draw(counts)


def no_mismatches(n_features: int) -> np.ndarray:
    """As many zeros as features."""
    return np.zeros(n_features, np.int64)


@given(pairs())
def test_metrics_are_the_formulas(
    pair: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """MSE, RMSE, MAE and maximum are numpy's over the rows where both sides have a value."""
    source, reconstruction, n_mismatched = pair
    found = column_metrics(measure_errors(source, reconstruction, n_mismatched))
    for feature, metrics in enumerate(found):
        errors = source[feature] - reconstruction[feature]
        errors = errors[~np.isnan(errors)]
        assert metrics.count == len(errors)
        assert metrics.n_mismatched == n_mismatched[feature]
        if len(errors):
            assert metrics.mse == pytest.approx(np.mean(errors**2), rel=1e-12)
            assert metrics.rmse == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-12)
            assert metrics.mae == pytest.approx(np.mean(np.abs(errors)), rel=1e-12)
            assert metrics.max_error == np.max(np.abs(errors))
        else:
            assert (metrics.mse, metrics.rmse, metrics.mae, metrics.max_error) == (0, 0, 0, 0)


@given(pairs(), st.lists(st.integers(0, 40), max_size=3), st.randoms(use_true_random=False))
def test_merging_equals_one_pass(
    pair: tuple[np.ndarray, np.ndarray, np.ndarray], cuts: list[int], order: object
) -> None:
    """Parts merged in any order give the sums of all rows together."""
    source, reconstruction, _ = pair
    none = no_mismatches(len(source))
    bounds = sorted(min(cut, source.shape[1]) for cut in cuts)
    split = (np.split(array, bounds, axis=1) for array in (source, reconstruction))
    parts = [measure_errors(*part, none) for part in zip(*split, strict=True)]
    parts.append(ErrorSums.empty(len(source)))
    order.shuffle(parts)
    whole, merged = measure_errors(source, reconstruction, none), reduce(ErrorSums.merge, parts)
    np.testing.assert_array_equal(merged.count, whole.count)
    np.testing.assert_array_equal(merged.maximum, whole.maximum)
    np.testing.assert_allclose(merged.squared, whole.squared, rtol=1e-12)
    np.testing.assert_allclose(merged.absolute, whole.absolute, rtol=1e-12)


@given(pairs(), st.lists(st.integers(0, 40), max_size=3))
def test_r2_is_that_of_all_rows_together(
    pair: tuple[np.ndarray, np.ndarray, np.ndarray], cuts: list[int]
) -> None:
    """R2 of merged parts is 1 - SSE / SST over the rows where both sides have a value."""
    source, reconstruction = (np.round(values, 3) for values in pair[:2])  # squares are no zeros
    none = no_mismatches(len(source))
    bounds = sorted(min(cut, source.shape[1]) for cut in cuts)
    split = (np.split(array, bounds, axis=1) for array in (source, reconstruction))
    parts = [measure_errors(*part, none) for part in zip(*split, strict=True)]
    merged = column_metrics(reduce(ErrorSums.merge, parts, ErrorSums.empty(len(source))))
    for values, decoded, found in zip(source, reconstruction, merged, strict=True):
        is_compared = ~np.isnan(values - decoded)
        expected = variance_kept(values[is_compared], decoded[is_compared])
        assert found.r2 == (expected if expected is None else pytest.approx(expected, rel=1e-6))


def test_the_bulk_is_measured_by_itself() -> None:
    """An outlier and a sentinel make up the variance; R2 of the bulk is that of the other rows."""
    generator = np.random.default_rng(3)
    bulk = 20.0 + generator.normal(size=4000)
    source = np.where(np.arange(4000) % 5 == 0, -999.0, bulk)
    source[7] = 429_000.0
    decoded = np.where(np.abs(source - 20) < 10, 18.0, source)
    halves = zip(np.split(source, 2), np.split(decoded, 2), strict=True)
    parts = [measure_errors(one[None], other[None], no_mismatches(1)) for one, other in halves]
    (found,) = column_metrics(parts[0].merge(parts[1]))
    assert found.r2 is not None
    assert found.r2 > 0.999
    assert found.r2_bulk == pytest.approx(variance_kept(bulk, np.full(4000, 18.0)), rel=0.2)
    exact = column_metrics(measure_errors(source[None], source[None], no_mismatches(1)))[0]
    assert (exact.r2, exact.r2_bulk) == (1.0, None)


def test_a_constant_column_has_no_r2() -> None:
    """Where nothing varies no variance can be kept, in whatever parts it comes."""
    part = measure_errors(np.full((1, 7), 0.1), np.full((1, 7), 0.3), no_mismatches(1))
    (found,) = column_metrics(part.merge(part).merge(part))
    assert (found.r2, found.r2_bulk) == (None, None)


def test_inputs_are_left_alone(generator: np.random.Generator) -> None:
    """Measuring errors changes neither side."""
    source = generator.normal(size=(2, 5))
    source[0, 0] = np.nan
    reconstruction = source + 1
    copies = source.copy(), reconstruction.copy()
    measure_errors(source, reconstruction, no_mismatches(2))
    np.testing.assert_array_equal(source, copies[0])
    np.testing.assert_array_equal(reconstruction, copies[1])


def test_mismatches_add_up() -> None:
    """Rows that are missing on one side only are counted per column, whatever is merged."""
    one = measure_errors(np.ones((2, 3)), np.ones((2, 3)), np.array([1, 0]))
    both = one.merge(one).merge(ErrorSums.empty(2))
    np.testing.assert_array_equal(both.n_mismatched, [2, 0])
    assert mean_metrics(both, np.ones(2)).n_mismatched == 2


def test_standardised_metrics_divide_by_the_scale() -> None:
    """In units of the scale, distances divide by it and squares by its square."""
    sums = measure_errors(np.array([[0.0, 0.0]]), np.array([[3.0, 5.0]]), no_mismatches(1))
    (found,) = column_metrics(sums, np.array([2.0]))
    assert found == ErrorMetrics(2, 0, 17 / 4, np.sqrt(17 / 4), 2.0, 2.5)


@pytest.mark.parametrize("scale", [0.0, np.inf, np.nan])
def test_scale_that_is_none_counts_as_one(scale: float) -> None:
    """Constant columns, and those whose spread is unknown, stay in source units."""
    sums = measure_errors(np.array([[0.0]]), np.array([[3.0]]), no_mismatches(1))
    assert column_metrics(sums, np.array([scale])) == column_metrics(sums)


def test_errors_are_held_against_tolerances() -> None:
    """The largest error over the promised one: 0 where exact, infinite where none was promised."""
    source = np.array([[1.0, 2.0], [0.0, 0.0], [5.0, 5.0], [7.0, 7.0]])
    reconstruction = np.array([[1.5, 2.25], [0.0, 0.0], [5.0, 5.0], [7.0, 8.0]])
    tolerance = np.array([2.0, 0.5, 0.0, 0.0])
    sums = measure_errors(source, reconstruction, no_mismatches(4), list(map(Promise, tolerance)))
    shares = [column.max_error_to_tolerance for column in column_metrics(sums)]
    assert shares == [0.25, 0.0, 0.0, np.inf]
    assert mean_metrics(sums, np.ones(4)).max_error_to_tolerance == np.inf


def test_the_worst_of_all_parts_counts() -> None:
    """Merged, the larger share of the tolerance stays, whatever the tolerances of each part."""
    one, other = (
        measure_errors(np.zeros((1, 1)), np.full((1, 1), error), no_mismatches(1), [Promise(most)])
        for error, most in ((1.0, 10.0), (0.5, 1.0))
    )
    merged = ErrorSums.empty(1).merge(one).merge(other)
    (column,) = column_metrics(merged)
    assert (column.max_error, column.max_error_to_tolerance) == (1.0, 0.5)
    assert mean_metrics(merged, np.ones(1)).max_error_to_tolerance == 0.5


def test_without_promise_no_share_is_claimed() -> None:
    """Features, and archives without rows, have no share of a tolerance."""
    sums = measure_errors(np.zeros((2, 1)), np.ones((2, 1)), no_mismatches(2))
    for nothing in (sums, ErrorSums.empty(2), ErrorSums.empty(0)):
        assert mean_metrics(nothing, np.ones(len(nothing.count))).max_error_to_tolerance is None
        assert all(c.max_error_to_tolerance is None for c in column_metrics(nothing))


def test_mean_is_over_columns_with_values() -> None:
    """The mean leaves out columns without a single value to compare."""
    source = np.array([[1.0, 2.0], [np.nan, np.nan], [0.0, 0.0]])
    reconstruction = np.array([[2.0, 4.0], [1.0, 1.0], [0.0, 4.0]])
    sums = measure_errors(source, reconstruction, np.array([0, 2, 0]))
    found = mean_metrics(sums, np.array([1.0, 1.0, 2.0]))
    # Per column: MSE 2.5 and 8 / 4 = 2; MAE 1.5 and 2 / 2 = 1; maximum 2 and 4 / 2 = 2.
    assert found == ErrorMetrics(4, 2, 2.25, 1.5, 1.25, 2.0)


@pytest.mark.parametrize("n_features", [0, 2])
def test_nothing_to_compare(n_features: int) -> None:
    """No rows, and no columns, have no errors."""
    empty = ErrorSums.empty(n_features)
    blank = np.empty((n_features, 0))
    for sums in (empty, measure_errors(blank, blank, no_mismatches(n_features))):
        found = mean_metrics(sums, np.ones(n_features))
        assert found == ErrorMetrics(0, 0, 0.0, 0.0, 0.0, 0.0)
        assert len(column_metrics(sums)) == n_features


def test_extremes_of_float64_raise_no_warning() -> None:
    """Errors beyond float64 are infinite, in sums, merges and means."""
    source = np.array([[1.7e308, 0.0], [1e160, 0.0]])
    sums = measure_errors(source, -source, no_mismatches(2))
    merged = sums.merge(sums)
    found = mean_metrics(merged, np.ones(2))
    assert (found.count, found.mse, found.rmse) == (8, np.inf, np.inf)
    np.testing.assert_array_equal(merged.maximum, [np.inf, 2e160])


def test_large_finite_means_overflow_quietly() -> None:
    """Columns whose errors are finite one by one may have an infinite mean."""
    big = np.array([1e308, 1e308])
    sums = ErrorSums(np.array([1, 1]), no_mismatches(2), big, big, big, np.full(2, np.nan))
    assert mean_metrics(sums, np.ones(2)).mse == np.inf
    np.testing.assert_array_equal(sums.merge(sums).squared, [np.inf, np.inf])
