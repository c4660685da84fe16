"""Cells for a promised cosine: as coarse as most rows allow."""

from __future__ import annotations

import numpy as np
import pytest

from ae_pipeline.coding import Quantizer, dequantize, keeps_cosine, quantize
from ae_pipeline.columns.vectors.cosine_step import cosine_quantizer

ROWS = np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)


def kept(rows: np.ndarray, quantizer: Quantizer, least: float) -> float:
    """The share of rows that their cells keep."""
    cells = quantize(quantizer.to_units(rows.reshape(-1)), None)
    decoded = dequantize(quantizer.grid, cells, None, rows.dtype).reshape(rows.shape)
    return float(keeps_cosine(rows, decoded, least).mean())


@pytest.mark.parametrize("least", [0.9, 0.99, 0.9999])
def test_nearly_all_rows_hold_and_hardly_more(least: float) -> None:
    """Cells are so fine that few rows are exact; twice as coarse, hardly a row would hold."""
    found = cosine_quantizer(ROWS, least)
    assert found.promise.cosine == least
    assert kept(ROWS, found, least) > 0.97
    assert kept(ROWS, Quantizer.linear(0.0, 2 * found.promise.absolute), least) < 0.1


def test_a_few_short_rows_do_not_make_cells_fine() -> None:
    """One row in a hundred, of a thousandth of the norm, is exact; others keep their cells."""
    rows = ROWS.copy()
    rows[::100] /= 1000
    usual = cosine_quantizer(ROWS, 0.99).promise.absolute
    assert cosine_quantizer(rows, 0.99).promise.absolute == pytest.approx(usual, rel=0.3)


@pytest.mark.parametrize(
    "rows", [ROWS[:0], np.zeros((3, 4)), np.full((3, 4), np.nan), np.full((2, 2), np.inf)]
)
def test_rows_without_a_direction_are_exact(rows: np.ndarray) -> None:
    """No rows, zeros, NaN and infinities have nothing to measure."""
    assert cosine_quantizer(rows, 0.99).promise.is_exact


def test_a_cosine_of_one_is_exact() -> None:
    """Nothing but the same bits has a cosine of 1 for certain."""
    assert cosine_quantizer(ROWS, 1.0).promise.is_exact


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_magnitude_does_not_matter(scale: float) -> None:
    """Cells are as wide in units of the rows as those of any other rows."""
    rows = ROWS.astype(np.float64)
    usual = cosine_quantizer(rows, 0.99).promise.absolute
    found = cosine_quantizer(rows * scale, 0.99).promise.absolute
    assert found / scale == pytest.approx(usual, rel=1e-6)
