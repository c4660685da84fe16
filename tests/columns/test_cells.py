"""Cells of equal width: where they lie, and when they save nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import LinearGrid
from ae_pipeline.columns.cells import keeps_apart, origin, through_landmarks
from ae_pipeline.columns.spread import Spread
from tests.columns.test_tolerance import decoded, quantizer_of, rule


def test_a_gauge_never_reads_below_zero() -> None:
    """Of a column that ends at 0, nothing comes back below it, and zeros as zeros."""
    rng = np.random.default_rng(0)
    values = np.abs(rng.normal(0.0, 20.0, 5000))
    values[::3], values[::7] = 9.20624, 0.0
    back = decoded(values, quantizer_of(values, rule("a", "spread", 0.01)))
    assert back.min() == 0.0
    assert (back[values == 0] == 0).all()
    assert (back[values == 9.20624] == 9.20624).all()


def test_zero_is_a_cell_where_values_cross_it() -> None:
    """Zero comes back as zero of a column without a usual value, not as what rounding leaves."""
    values = np.random.default_rng(0).normal(0.3, 1.0, 5000)
    values[::50] = 0.0
    back = decoded(values, quantizer_of(values, rule("a", "spread", 0.01)))
    assert (back[values == 0] == 0).all()


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_few_values_that_cells_keep_apart_are_exact(kind: type) -> None:
    """Rounding some dozens of values to cells of their own would save nothing."""
    levels = (np.arange(36) * 1.15078).astype(kind).astype(np.float64)
    values = np.random.default_rng(0).choice(levels, 5000)
    assert quantizer_of(values, rule("a", "spread", 0.01)).promise.is_exact
    assert not quantizer_of(values, rule("a", "spread", 0.05)).promise.is_exact
    assert not quantizer_of(values, rule("a", "absolute", 0.4)).promise.is_exact


def test_values_that_hardly_repeat_are_rounded() -> None:
    """Values that have been seen a few times each say nothing of those that come."""
    values = np.arange(60.0) * np.pi
    assert not keeps_apart(LinearGrid(0.0, 0.1), np.repeat(values, 7))
    assert keeps_apart(LinearGrid(0.0, 0.1), np.repeat(values, 8))


@given(
    usual=st.floats(1e-300, 1e300),
    cells=st.floats(1e-4, 1e7),
    is_negative=st.booleans(),
)
def test_cells_are_narrowed_by_a_ninth_at_most(
    usual: float, cells: float, is_negative: bool
) -> None:
    """The usual value lies a whole number of cells from 0, or the tolerance stays as it is."""
    tolerance = usual / (2.0 * cells)
    low, high = (-2.0 * usual, 0.0) if is_negative else (0.0, 2.0 * usual)
    spread = Spread(2.0 * usual, low, high, -usual if is_negative else usual)
    narrowed = through_landmarks(tolerance, spread)
    assert tolerance * (1 - 1 / 9) * (1 - 1e-12) <= narrowed <= tolerance
    if narrowed < tolerance:
        assert origin(2.0 * narrowed, np.array([usual]), spread) == 0.0
        n_cells = np.rint(usual / (2.0 * narrowed))
        assert n_cells * (2.0 * narrowed) == usual
