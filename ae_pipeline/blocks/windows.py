"""Windows: consecutive rows side by side, so that a network sees how columns move in time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64


def rows_to_windows(
    matrix: Float[np.ndarray, "rows inputs"], window: int
) -> Float[np.ndarray, "windows wide"]:
    """Each `window` rows as one, the first row's columns first; the last row fills the last one."""
    n_missing = -len(matrix) % window
    if n_missing:
        matrix = np.concatenate([matrix, np.repeat(matrix[-1:], n_missing, axis=0)])
    return matrix.reshape(-1, window * matrix.shape[1])


def windows_to_rows(
    wide: Float64[np.ndarray, "wide windows"], window: int, n_rows: int
) -> Float64[np.ndarray, "inputs rows"]:
    """Feature-major windows as feature-major rows, without those that only filled the last one."""
    if window == 1:
        return wide
    n_windows = wide.shape[1]
    apart = wide.reshape(window, -1, n_windows)
    return apart.transpose(1, 2, 0).reshape(-1, n_windows * window)[:, :n_rows]
