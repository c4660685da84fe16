"""Choose the cells of vectors whose direction is promised: the cosine of every row.

A row whose cosine is too small is stored exactly, so coarse cells cost rows and fine ones bits. The
best ones are found by measuring a sample.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from ae_pipeline.coding import (
    LinearGrid,
    Promise,
    Quantizer,
    dequantize,
    keeps_cosine,
    quantize,
)

#: Steps per octave at which cells are tried, and octaves below those that hold for usual rows.
_PER_OCTAVE, _OCTAVES = 8, 6
#: Values that each try measures.
_MOST_VALUES = 1 << 18
#: Bits that a number of a row stored exactly takes beyond its code, per bit of its type.
_EXACT_BITS = 0.9

Rows = Float[np.ndarray, "rows lanes"]


def cosine_quantizer(rows: Rows, least: float) -> Quantizer:
    """Return the cells that are cheapest for rows of these kinds; exact if none has a direction.

    Args:
        rows: a sample in the column's own type.
        least: the cosine to promise, above 0 and at most 1.
    """
    is_whole = np.isfinite(rows).all(axis=1) & (rows != 0).any(axis=1)
    rows = rows[is_whole][: max(_MOST_VALUES // max(rows.shape[1], 1), 1)]
    if not len(rows) or least >= 1:
        return Quantizer.linear(0.0, 0.0)
    best = min(_tolerances(rows, least).tolist(), key=lambda one: _cost(rows, least, one))
    return Quantizer(LinearGrid(0.0, best), Promise(best, cosine=least), is_whole=True)


def _tolerances(rows: Rows, least: float) -> Float64[np.ndarray, "tries"]:
    """Return half widths of cells, around those that suit the rows of the largest norm.

    Errors spread evenly over a cell have a root mean square of tolerance / sqrt(3), and an error of
    length e orthogonal to a vector of norm n leaves a cosine of 1 / sqrt(1 + (e / n) ** 2).
    """
    largest = np.abs(rows.astype(np.float64)).max()
    norms = largest * np.sqrt(((rows / largest).astype(np.float64) ** 2).sum(axis=1))
    usual = norms.max() * np.sqrt(1.0 / least**2 - 1.0) * np.sqrt(3.0 / rows.shape[1])
    steps = np.arange(-_OCTAVES * _PER_OCTAVE, _PER_OCTAVE + 1) / _PER_OCTAVE
    found: Float64[np.ndarray, "tries"] = usual * 2.0**steps
    return found[found >= np.finfo(np.float64).tiny]


def _cost(rows: Rows, least: float, tolerance: float) -> float:
    """Return bits per number, apart from a constant."""
    flat = rows.reshape(-1)
    grid = LinearGrid(0.0, tolerance)
    cells = quantize(grid.to_units(flat.astype(np.float64)), None)
    decoded = dequantize(grid, cells, None, flat.dtype).reshape(rows.shape)
    lost = 1.0 - float(keeps_cosine(rows, decoded, least).mean())
    coded = float(np.log2(1.0 + np.abs(cells)).mean()) + 1.0
    return (1.0 - lost) * coded + lost * _EXACT_BITS * 8 * rows.dtype.itemsize
