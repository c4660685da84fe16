"""Find columns whose values were decimal numbers: money in cents, sensors of a few digits."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from ae_pipeline.coding import LARGEST_UNIT

_MOST_PLACES = 15
#: A column is decimal if this share of its distinct values is.
_ENOUGH = 0.99
#: The last place must be this many times what the type resolves, or any float would be decimal.
_COARSER = 8.0


def decimal_places(seen: Float[np.ndarray, "values"]) -> int | None:
    """Return the digits after the point that the values need, or None if they are not decimals.

    Args:
        seen: finite values in the column's own type.
    """
    values = np.unique(seen)
    if not len(values):
        return None
    with np.errstate(over="ignore"):
        resolution = float(np.spacing(np.abs(values).max()))
    for places in range(_MOST_PLACES + 1):
        if 10.0**-places < _COARSER * resolution:
            return None
        if are_decimals(values, places).mean() >= _ENOUGH:
            return places
    return None


def are_decimals(values: Float[np.ndarray, "values"], places: int) -> Bool[np.ndarray, "values"]:
    """Return which values are the floats nearest to decimals of `places` digits after the point."""
    power = float(f"1e{places}")
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(values.astype(np.float64) * power)
        nearest = (whole / power).astype(values.dtype)
        is_small = np.abs(whole) < LARGEST_UNIT
    return is_small & (nearest == values)
