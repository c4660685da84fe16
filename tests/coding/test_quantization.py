"""Quantisation: within the tolerance or flagged, whatever is predicted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ae_pipeline.coding import LinearGrid, Promise, breaks_promise, dequantize, quantize
from tests.support.archives import assert_within

KINDS = [
    *(np.dtype(name) for name in ("f2", "f4", "f8")),
    *(np.dtype(f"{sign}{width}") for sign in "iu" for width in (1, 2, 4, 8)),
]
TOLERANCES = [5e-324, 1e-300, 1e-12, 1e-3, 0.5, 1.0, 3.7, 1e12, 1e300, 8e307, 1.5e308]
PREDICTIONS = [0.0, 0.25, -0.5, 1e300, -1e300, np.nan, np.inf, -np.inf, 5e-324, 2.0**51, 2.0**53]

predictions = st.sampled_from(PREDICTIONS) | st.floats()


def values_of(kind: np.dtype) -> st.SearchStrategy[np.ndarray]:
    """Values over the whole range of a type, and small ones."""
    if kind.kind == "f":
        limits = np.finfo(kind)
        extremes = [limits.max, limits.min, limits.tiny, limits.smallest_subnormal, -0.0, np.nan]
        value = st.floats(width=8 * kind.itemsize) | st.sampled_from([float(v) for v in extremes])
    else:
        low, high = int(np.iinfo(kind).min), int(np.iinfo(kind).max)
        value = st.integers(low, high) | st.sampled_from([low, high, 0])
    return st.lists(value | st.integers(0, 100), max_size=20).map(lambda v: np.array(v, kind))


def round_trip(
    values: np.ndarray, grid: LinearGrid, prediction: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(decoded, rows to be stored exactly)."""
    units = grid.to_units(values.astype(np.float64))
    integers = quantize(units, prediction)
    assert integers.dtype == np.int64
    decoded = dequantize(grid, integers, prediction, values.dtype)
    assert decoded.dtype == values.dtype
    return decoded, breaks_promise(values, decoded, Promise(grid.tolerance))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_within_tolerance_or_flagged(kind: np.dtype) -> None:
    """Any value on any grid with any prediction is within the tolerance or flagged."""

    @given(values_of(kind), st.sampled_from(TOLERANCES), st.floats(-1e30, 1e30), st.data())
    def check(values: np.ndarray, tolerance: float, offset: float, data: st.DataObject) -> None:
        shape = values.shape
        prediction = data.draw(st.none() | st_numpy.arrays(np.float64, shape, elements=predictions))
        decoded, is_broken = round_trip(values, LinearGrid(offset, tolerance), prediction)
        assert is_broken[~np.isfinite(values)].all()
        assert_within(values[~is_broken], decoded[~is_broken], tolerance)

    check()


@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("tolerance", [1e-3, 0.7, 50.0])
def test_ordinary_values_are_not_flagged(
    kind: str, tolerance: float, generator: np.random.Generator
) -> None:
    """Values within reach of the grid need no exact copy, predicted or not."""
    values = generator.normal(0, 100, 10_000).astype(kind)
    grid = LinearGrid(3.3, tolerance * 1.001)
    units = grid.to_units(values.astype(np.float64))
    for prediction in (None, units + generator.normal(0, 50, 10_000)):
        decoded, _ = round_trip(values, grid, prediction)
        is_broken = breaks_promise(values, decoded, Promise(grid.tolerance))
        # A float32 is off by up to 4e-6 here, which spoils what lies at the edge of a cell.
        assert is_broken.mean() < (0.01 if kind == "f4" else 1e-3)


def test_only_the_outlier_is_flagged() -> None:
    """One value of 1e30 among ones is stored exactly and costs the others nothing."""
    values = np.ones(1000)
    values[500] = 1e30
    grid = LinearGrid(1.0, 1e-6)
    np.testing.assert_array_equal(quantize(grid.to_units(values), None), np.zeros(1000))
    _, is_broken = round_trip(values, grid)
    assert np.flatnonzero(is_broken).tolist() == [500]


def test_unknown_repeats_the_integer_before() -> None:
    """What has no integer repeats the last one, which costs least; the first ones become 0."""
    units = np.array([np.nan, np.nan, 3.4, np.nan, np.nan, -2.6, np.nan])
    assert quantize(units, None).tolist() == [0, 0, 3, 3, 3, -3, -3]
    assert quantize(np.full(3, np.nan), None).tolist() == [0, 0, 0]
    assert quantize(np.zeros(0), None).tolist() == []


def test_halves_go_to_even() -> None:
    """Rounding is IEEE's, so that every machine agrees."""
    assert quantize(np.array([0.5, 1.5, 2.5, -0.5, -1.5]), None).tolist() == [0, 2, 2, 0, -2]
    assert quantize(np.array([3.0]), np.array([0.5])).tolist() == [2]


def test_correction_is_the_distance_to_the_prediction() -> None:
    """A good prediction leaves zeros, and the value is prediction plus correction."""
    grid = LinearGrid(10.0, 0.5)
    prediction = np.array([1.25, -7.5, 100.0])
    values = np.array([11.5, 2.0, 114.25])
    integers = quantize(grid.to_units(values), prediction)
    assert integers.tolist() == [0, 0, 4]
    decoded = dequantize(grid, integers, prediction, np.dtype("f8"))
    assert decoded.tolist() == [11.25, 2.5, 114.0]


@pytest.mark.parametrize("kind", KINDS[3:], ids=str)
def test_integers_saturate(kind: np.dtype) -> None:
    """Integers beyond a type become its ends; NaN becomes 0 on every machine; nothing wraps."""
    limits = np.iinfo(kind)
    units = np.array([-1e300, 1e300, np.nan, -np.inf, np.inf])
    decoded = dequantize(LinearGrid(0.0, 0.5), np.zeros(5, np.int64), units, kind)
    low, high = int(limits.min), int(limits.max)
    top = high if kind.itemsize < 8 else int(np.nextafter(float(high), 0))
    assert decoded.tolist() == [low, top, 0, low, top]


@pytest.mark.parametrize("kind", ["i8", "u8"])
def test_integers_beyond_float64_are_kept_only_if_equal(kind: str) -> None:
    """Beyond 2**53 float64 cannot tell neighbours apart, so integers are equal or stored."""
    values = np.array([2**53 + 1, 2**53 + 1, 2**53 - 1, 2**60], kind)
    decoded = np.array([2**53, 2**53 + 1, 2**53 - 3, 2**60 + 1], kind)
    assert breaks_promise(values, decoded, Promise(2.0)).tolist() == [True, False, False, True]


@pytest.mark.parametrize("kind", KINDS[:3], ids=str)
def test_what_is_not_finite_is_flagged(kind: np.dtype) -> None:
    """NaN and infinities are exact, even if decoded equals them."""
    values = np.array([np.nan, np.inf, -np.inf, 1.0], kind)
    assert breaks_promise(values, values, Promise(1e12)).tolist() == [True, True, True, False]


def test_edge_of_the_promise() -> None:
    """An error of exactly the tolerance keeps it, the next float does not."""
    decoded = np.array([0.25, np.nextafter(0.25, 1)])
    assert breaks_promise(np.zeros(2), decoded, Promise(0.25)).tolist() == [False, True]


def test_real_differences_count() -> None:
    """A difference that float64 rounds to the tolerance is beyond it if the real one is."""
    values = np.array([-1e-20, 1e-20, 0.0, 0.02, -0.01 - 1e-20, 1e-3])
    decoded = np.array([0.01, 0.01, 0.01, 0.01, 0.0, 0.011])
    is_broken = breaks_promise(values, decoded, Promise(0.01))
    limit = Fraction(0.01)
    expected = [
        abs(Fraction(a) - Fraction(b)) > limit for a, b in zip(values, decoded, strict=True)
    ]
    assert is_broken.tolist() == expected
    assert expected[:3] == [True, False, False]


@given(
    st_numpy.arrays(np.float64, 20, elements=st.integers(-400, 400).map(lambda n: n / 100)),
    st.sampled_from([0.01, 0.005, 0.1, 0.3]),
)
def test_promise_is_exact_at_its_edge(values: np.ndarray, tolerance: float) -> None:
    """Of values that lie about the edge of a cell, those are flagged that really are too far."""
    decoded = np.rint(values / (2 * tolerance)) * (2 * tolerance)
    is_broken = breaks_promise(values, decoded, Promise(tolerance))
    for value, other, found in zip(values, decoded, is_broken, strict=True):
        assert found == (abs(Fraction(value) - Fraction(other)) > Fraction(tolerance))
