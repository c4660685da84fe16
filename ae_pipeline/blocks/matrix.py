"""Blocks ↔ the row-major float32 matrices that the network multiplies.

Arrow is column-major and BLAS wants rows, so blocks are transposed. By tiles of rows that fit the
cache this costs a copy; by columns it would cost a cache miss per value.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from ae_pipeline.blocks.block import Block
from ae_pipeline.columns import Standardization

#: Rows per tile: [features, tile] of float64 stays in the second-level cache up to 60 columns.
_TILE_ROWS = 2048


def block_to_matrix(
    block: Block, standardization: Standardization
) -> Float32[np.ndarray, "rows inputs"]:
    """Return standardised, clipped network inputs; NaN where a value is missing.

    Subtraction happens in float64, so that columns with a large offset keep their digits.
    """
    chosen = np.flatnonzero(~standardization.is_constant)
    center = standardization.center[chosen, None]
    inverse = 1.0 / standardization.scale[chosen, None]
    limit = standardization.clip_sigma
    matrix = np.empty((block.n_rows, len(chosen)), np.float32)
    with np.errstate(over="ignore"):
        for start in range(0, block.n_rows, _TILE_ROWS):
            tile = block.values[chosen, start : start + _TILE_ROWS]
            tile -= center
            tile *= inverse
            np.clip(tile, -limit, limit, out=tile)
            matrix[start : start + _TILE_ROWS] = tile.T
    return matrix


def matrix_to_values(
    matrix: Float32[np.ndarray, "rows inputs"], standardization: Standardization
) -> Float64[np.ndarray, "features rows"]:
    """Invert `block_to_matrix`, in source units; constant columns get their one value."""
    chosen = np.flatnonzero(~standardization.is_constant)
    center = standardization.center[:, None]
    values = np.empty((len(center), len(matrix)), np.float64)
    values[standardization.is_constant] = center[standardization.is_constant]
    scale = standardization.scale[chosen, None]
    with np.errstate(over="ignore"):  # writing saturates
        for start in range(0, len(matrix), _TILE_ROWS):
            tile = matrix[start : start + _TILE_ROWS].T.astype(np.float64, order="C")
            tile *= scale
            tile += center[chosen]
            values[chosen, start : start + _TILE_ROWS] = tile
    return values
