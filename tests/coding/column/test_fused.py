"""Columns rounded in one pass: the cells, the exact rows and the outliers of numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ae_pipeline.coding import LinearGrid, Promise, Quantizer, dequantize, round_units
from ae_pipeline.coding.column.fused import restore_values
from ae_pipeline.compiled import has_kernels, kernels_pay
from tests.support.strategies.values import typed_values

TOLERANCES = [5e-324, 1e-300, 1e-3, 0.5, 1.0, 3.7, 1e300, 1.5e308]
PREDICTIONS = [0.0, 0.25, -0.5, 1e300, np.nan, np.inf, -np.inf, 2.0**51, 2.0**53]
ODD = [np.nan, np.inf, -np.inf, -0.0, 50.0, -999.0, 1e30, 0.11, 0.12]
FILLS: list[tuple[float, ...]] = [(), (-999.0,), (0.0, 50.0)]

pytestmark = pytest.mark.skipif(not has_kernels(), reason="Numba is not installed")


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_the_kernel_gives_the_bits_of_numpy(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any values, grid, prediction and fill values give what numpy gives."""
    monkeypatch.setattr("ae_pipeline.compiled._Spent.seconds", 100.0)
    assert kernels_pay()
    predictions = st.sampled_from(PREDICTIONS) | st.floats()

    @given(
        typed_values(np.dtype(kind)),
        st.sampled_from(TOLERANCES),
        st.sampled_from([1.0, 0.999]),
        st.sampled_from([0.0, 3.3, -1e30]),
        st.sampled_from(FILLS),
        st.sampled_from([None, (-20.0, 20.0)]),
        st.data(),
    )
    def check(
        values: np.ndarray,
        tolerance: float,
        share: float,
        offset: float,
        fill_values: tuple[float, ...],
        ordinary: tuple[float, float] | None,
        data: st.DataObject,
    ) -> None:
        grid = LinearGrid(offset, share * tolerance)
        quantizer = Quantizer(grid, Promise(tolerance), fill_values, ordinary)
        drawn = st_numpy.arrays(np.float64, values.shape, elements=predictions)
        prediction = data.draw(st.none() | drawn)
        with np.errstate(all="ignore"):
            expected = quantizer._rounded(values, prediction)
        found = quantizer._fused(values, prediction)
        assert found is not None
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other)

    check()


@given(
    st.sampled_from(["f4", "f8"]),
    st.dictionaries(st.integers(0, 2999), st.sampled_from(ODD), max_size=4),
    st.sampled_from(FILLS),
    st.sampled_from([None, (-3.0, 3.0)]),
    st.booleans(),
)
def test_tiles_do_not_show(
    kind: str,
    odd: dict[int, float],
    fill_values: tuple[float, ...],
    ordinary: tuple[float, float] | None,
    is_predicted: bool,
) -> None:
    """Odd values among thousands change the cells and the promise of no other, as in numpy."""
    generator = np.random.default_rng(0)
    values = generator.uniform(-2, 2, 3000).astype(kind)
    values[list(odd)] = list(odd.values())
    prediction = generator.normal(size=3000) if is_predicted else None
    quantizer = Quantizer(LinearGrid(0.1, 0.01), Promise(0.01), fill_values, ordinary)
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr("ae_pipeline.compiled._Spent.seconds", 100.0)
        found, expected = (
            quantizer._fused(values, prediction),
            quantizer._rounded(values, prediction),
        )
    assert found is not None
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_restored_values_have_the_bits_of_numpy(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any integers, prediction and grid come back as numpy restores them."""
    integers = st.integers(-(2**53), 2**53) | st.integers(-20, 20)
    predictions = st.sampled_from(PREDICTIONS) | st.floats()

    @given(
        st_numpy.arrays(np.int64, st.integers(0, 40), elements=integers),
        st.sampled_from(TOLERANCES),
        st.sampled_from([0.0, 3.3, -1e30]),
        st.data(),
    )
    def check(integers: np.ndarray, tolerance: float, offset: float, data: st.DataObject) -> None:
        grid, dtype = LinearGrid(offset, tolerance), np.dtype(kind)
        drawn = st_numpy.arrays(np.float64, integers.shape, elements=predictions)
        prediction = data.draw(st.none() | drawn)
        with monkeypatch.context() as patch, np.errstate(all="ignore"):
            patch.setattr("ae_pipeline.compiled._Spent.seconds", 0.0)
            expected = dequantize(grid, integers, prediction, dtype)
        monkeypatch.setattr("ae_pipeline.compiled._Spent.seconds", 100.0)
        found = restore_values(integers, prediction, grid, dtype)
        assert found is not None
        assert np.array_equal(found, expected, equal_nan=True)
        is_number = ~np.isnan(expected)  # the sign of a NaN says nothing
        assert np.array_equal(np.signbit(found[is_number]), np.signbit(expected[is_number]))

    check()


@given(st_numpy.arrays(np.float64, st.integers(0, 40)), st.sampled_from([1.0, 16.0, 1e300]))
def test_units_round_to_integers(units: np.ndarray, factor: float) -> None:
    """Units times a factor are rounded, NaN to 0, and none is farther than the farthest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ae_pipeline.compiled._Spent.seconds", 100.0)
        found = round_units(units, factor, 2.0**53)
    assert found is not None
    with np.errstate(all="ignore"):
        whole = np.nan_to_num(np.rint(units * factor))
    assert found.tolist() == np.clip(whole, -(2.0**53), 2.0**53).astype(np.int64).tolist()


def test_other_grids_and_types_have_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, relative promises and exact columns are left to numpy."""
    monkeypatch.setattr("ae_pipeline.compiled._Spent.seconds", 100.0)
    linear = Quantizer.linear(0.0, 0.5)
    assert linear._fused(np.arange(3), None) is None
    relative = Quantizer(LinearGrid(0.0, 0.5), Promise(relative=0.01))
    assert relative._fused(np.arange(3.0), None) is None
