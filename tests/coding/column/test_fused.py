"""Columns rounded in one pass: the cells, the exact rows and the outliers of numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ae_pipeline.coding import LinearGrid, Promise, Quantizer
from ae_pipeline.compiled import has_kernels, kernels_pay
from tests.support.strategies.values import typed_values

TOLERANCES = [5e-324, 1e-300, 1e-3, 0.5, 1.0, 3.7, 1e300, 1.5e308]
PREDICTIONS = [0.0, 0.25, -0.5, 1e300, np.nan, np.inf, -np.inf, 2.0**51, 2.0**53]
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


def test_other_grids_and_types_have_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, relative promises and exact columns are left to numpy."""
    monkeypatch.setattr("ae_pipeline.compiled._Spent.seconds", 100.0)
    linear = Quantizer.linear(0.0, 0.5)
    assert linear._fused(np.arange(3), None) is None
    relative = Quantizer(LinearGrid(0.0, 0.5), Promise(relative=0.01))
    assert relative._fused(np.arange(3.0), None) is None
