"""Windows: consecutive rows side by side, so that a network sees how columns move in time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64


def rows_to_windows(
    matrix: Float[np.ndarray, "rows inputs"], window: int
) -> Float[np.ndarray, "windows wide"]:
    """Join each `window` rows, the first row's columns first; repeat the last row to fill up."""
    n_missing = -len(matrix) % window
    if n_missing:
        matrix = np.concatenate([matrix, np.repeat(matrix[-1:], n_missing, axis=0)])
    return matrix.reshape(-1, window * matrix.shape[1])


def windows_to_rows(
    wide: Float64[np.ndarray, "wide windows"], window: int, n_rows: int
) -> Float64[np.ndarray, "inputs rows"]:
    """Split feature-major windows into feature-major rows, without those that filled up."""
    if window == 1:
        return wide
    n_windows = wide.shape[1]
    apart = wide.reshape(window, -1, n_windows)
    return apart.transpose(1, 2, 0).reshape(-1, n_windows * window)[:, :n_rows]
