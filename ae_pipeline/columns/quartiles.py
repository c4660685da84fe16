"""Quartiles of counted values, and the fences around them beyond which values are outliers.

Source of the fences: Tukey, "Exploratory Data Analysis" (1977).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64


def quartiles(
    values: Float64[np.ndarray, "levels"], counts: Int64[np.ndarray, "levels"]
) -> tuple[float, float]:
    """Return the lower and the upper quartile.

    Args:
        values: distinct, in order; at least one.
        counts: how often each occurs.
    """
    below = np.cumsum(counts)
    places = np.searchsorted(below, [0.25 * below[-1], 0.75 * below[-1]])
    return float(values[places[0]]), float(values[places[1]])


def fences(lower: float, upper: float, n_ranges: float) -> tuple[float, float]:
    """Return bounds `n_ranges` quartile ranges beyond the quartiles; they may be infinite."""
    reach = n_ranges * (upper - lower)
    return lower - reach, upper + reach
