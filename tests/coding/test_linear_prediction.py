"""Linear prediction in integers: the formula, its bounds, and what a column needs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import MOST_TERMS, LinearPredictor
from ae_pipeline.coding.linear_prediction import CELL_MAX, WEIGHT_MAX, bounded
from ae_pipeline.compiled import has_kernels
from tests.support.codec.drawn import random_predictor


def rounded_half_even(value: Fraction) -> int:
    """What IEEE rounding to an integer gives."""
    return round(value)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 12))
def test_base_is_the_exact_formula(seed: int, n_columns: int, n_rows: int) -> None:
    """Every base is the rounded sum of exact products, whatever the size of the cells."""
    generator = np.random.default_rng(seed)
    predictor = random_predictor(generator, n_columns)
    scale = 10 ** generator.integers(0, 9)
    cells = bounded(generator.integers(-scale, scale, (n_columns, n_rows), endpoint=True))
    for number in range(n_columns):
        expected = [exact_base(predictor, number, cells, row) for row in range(n_rows)]
        assert predictor.base(number, cells).tolist() == expected


@pytest.mark.skipif(not has_kernels(), reason="Numba is not installed")
@pytest.mark.parametrize("n_rows", [1, 2, 1023, 1024, 1025, 5000])
def test_kernels_do_not_matter(n_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels and numpy predict the same bits, in the first row of a tile as in others."""
    generator = np.random.default_rng(n_rows)
    predictor = random_predictor(generator, 6)
    cells = bounded(generator.integers(-(1 << 25), 1 << 25, (6, n_rows)))
    found = []
    for seconds in (0.0, 100.0):
        monkeypatch.setattr("ae_pipeline.compiled._Spent.seconds", seconds)
        found.append([predictor.prediction(number, cells) for number in range(6)])
        found.append([predictor.context_values(number, cells) for number in range(6)])
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[3])


def exact_base(predictor: LinearPredictor, number: int, cells: np.ndarray, row: int) -> int:
    """The formula of docs/format.md in fractions."""
    stop = int(predictor.counts[: number + 1].sum())
    total = Fraction(int(predictor.biases[number]))
    for term in range(stop - int(predictor.counts[number]), stop):
        feature, lag = divmod(int(predictor.sources[term]), 2)
        cell = cells[feature, max(row - lag, 0)]
        total += int(predictor.weights[term]) * Fraction(float(cell))
    return rounded_half_even(total / 2 ** int(predictor.shifts[number]))


def test_sums_stay_exact() -> None:
    """The largest sum that a column's terms can make is an integer that float64 holds."""
    assert MOST_TERMS * WEIGHT_MAX * CELL_MAX + 2**31 < 2**53


@given(st.integers(0, 2**32 - 1), st.sets(st.integers(0, 5)))
def test_needed_columns_come_before_those_they_predict(seed: int, wanted: set[int]) -> None:
    """Every column that is needed stands after all that it is predicted from."""
    predictor = random_predictor(np.random.default_rng(seed), 6)
    needed = predictor.needed(wanted, range(6))
    assert wanted <= set(needed)
    starts = np.concatenate([[0], np.cumsum(predictor.counts)])
    for place, number in enumerate(needed):
        sources = predictor.sources[starts[number] : starts[number + 1]] // 2
        assert set(sources.tolist()) <= set(needed[:place])


def test_columns_that_are_not_predicted_need_nothing() -> None:
    """A column in another method is decoded alone."""
    predictor = random_predictor(np.random.default_rng(0), 6)
    assert predictor.needed([3], ()) == [3]
