"""Grids: values to cells and back, monotone and the same on every machine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import LARGEST_UNIT, DecimalGrid, FloatingGrid, Grid, LinearGrid

GRIDS: list[Grid] = [
    LinearGrid(3.0, 0.25),
    DecimalGrid(2, 0.0),
    DecimalGrid(0, -7.0),
    DecimalGrid(-3, 5000.0),
    DecimalGrid(15, 0.1),
    FloatingGrid(2, 50, -20),
    FloatingGrid(2, 1, -1000),
    FloatingGrid(10, 1, -3),
    FloatingGrid(10, 100_000, -280),
]
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_cells_come_back_as_themselves(grid: Grid) -> None:
    """A value of a cell is in that cell."""

    @given(st.lists(st.integers(-290, 290), min_size=1))
    def check(cells: list[int]) -> None:
        values = grid.from_units(np.array(cells, np.float64))
        assert np.rint(grid.to_units(values)).tolist() == cells

    check()


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_neighbours_stay_neighbours(grid: Grid) -> None:
    """Units grow with values; what has none is NaN, and all others are small enough to round."""

    @given(st.lists(NUMBERS, min_size=1))
    def check(numbers: list[float]) -> None:
        values = np.array(numbers)
        units = grid.to_units(values)
        assert np.isnan(units[~np.isfinite(values)]).all()
        is_known = ~np.isnan(units)
        assert (np.abs(units[is_known]) < LARGEST_UNIT).all()
        ordered = units[is_known][np.argsort(values[is_known])]
        assert (np.diff(ordered) >= -1e-9 * np.abs(ordered[1:])).all()

    check()


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_any_units_have_values(grid: Grid) -> None:
    """Whatever a damaged stream says, values come of it without an error."""

    @given(st.lists(st.floats(-(2.0**63), 2.0**63), min_size=1))
    def check(units: list[float]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            assert grid.from_units(np.array(units)).shape == (len(units),)

    check()


@given(st.integers(-(10**14), 10**14), st.integers(0, 9))
def test_decimals_are_the_floats_nearest_to_them(whole: int, places: int) -> None:
    """A cell of a decimal grid reads as its decimal number."""
    (value,) = DecimalGrid(places, 0.0).from_units(np.array([float(whole)])).tolist()
    assert value == float(f"{whole}e-{places}")


@given(st.integers(100, 999), st.integers(-15, 15))
def test_significant_digits_are_the_floats_nearest_to_them(digits: int, exponent: int) -> None:
    """A cell of a grid of three digits reads as a number of three digits."""
    grid = FloatingGrid(10, 100, -280)
    value = float(f"{digits}e{exponent}")
    (found,) = grid.from_units(np.rint(grid.to_units(np.array([value])))).tolist()
    assert found == value


def test_zero_is_cell_zero() -> None:
    """Zero stays zero, and nothing else is rounded to it."""
    grid = FloatingGrid(2, 50, -20)
    units = grid.to_units(np.array([0.0, -0.0, 1e-300, 2.0**-20, -(2.0**-20)]))
    assert units[:2].tolist() == [0.0, 0.0]
    assert np.isnan(units[2])
    assert units[3:].tolist() == [1.0, -1.0]
