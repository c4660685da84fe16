"""Predict a column linearly from others: one pass through the rows, a tile at a time."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ae_pipeline.compiled.compiling import Int64s, kernel

Float64s: TypeAlias = npt.NDArray[np.float64]

_TILE = 1 << 10


@kernel
def predict_linearly(
    cells: Float64s, features: Int64s, lags: Int64s, weights: Float64s, total: Float64s
) -> None:
    """Add terms to `total`; every sum is an integer that float64 holds, so in any order.

    Args:
        cells: [features, rows].
        features: number of each term's feature.
        lags: 1 for terms of the row before; 0 for others. Before the first row is the first.
        weights: of each term.
        total: [rows], has what the terms are added to.
    """
    for start in range(0, len(total), _TILE):
        stop = min(start + _TILE, len(total))
        for term in range(len(features)):
            source, lag, weight = cells[features[term]], lags[term], weights[term]
            first = max(start, lag)
            if first > start:
                total[0] += weight * source[0]
            known, found = source[first - lag : stop - lag], total[first:stop]
            for row in range(len(found)):
                found[row] += weight * known[row]
