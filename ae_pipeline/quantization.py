"""One column ↔ integers that keep its promise: direct, or as corrections of a prediction.

In tolerance units a value is `u = (x - offset) / (2 tolerance)`, and whatever is predicted, the
integer `r = rint(u - prediction)` leaves an error of at most half a unit, which is the tolerance.
Reconstruction is `offset + 2 tolerance (prediction + r)`, in float64, multiply and add apart, then
cast to the source type. What rounding spoils is found by decoding and stored exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

#: Beyond, `u` has no fractional bits to round.
_LARGEST_UNIT = float(1 << 51)


@dataclass(frozen=True)
class Grid:
    """The quantisation grid of a column: `offset + 2 * tolerance * integer`."""

    offset: float
    tolerance: float

    def to_units(self, values: Float64[np.ndarray, "rows"]) -> Float64[np.ndarray, "rows"]:
        """Source units to tolerance units; what is not finite or too far out becomes NaN."""
        with np.errstate(over="ignore", invalid="ignore"):
            units = (values - self.offset) / (2.0 * self.tolerance)
            return np.where(np.abs(units) < _LARGEST_UNIT, units, np.nan)

    def from_units(self, units: Float64[np.ndarray, "rows"]) -> Float64[np.ndarray, "rows"]:
        """Inverse of `to_units`, in float64."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = units * (2.0 * self.tolerance)
            return scaled + self.offset


def quantize(
    units: Float64[np.ndarray, "rows"], prediction: Float64[np.ndarray, "rows"] | None
) -> Int64[np.ndarray, "rows"]:
    """Nearest integers to `units - prediction`; where that is NaN, the integer before it."""
    distance = units if prediction is None else units - prediction
    is_known = np.abs(distance) < _LARGEST_UNIT
    rounded = np.where(is_known, np.rint(distance), 0.0).astype(np.int64)
    if is_known.all():
        return rounded
    last_known = np.maximum.accumulate(np.where(is_known, np.arange(len(units)), 0))
    return rounded[last_known]


def dequantize(
    grid: Grid,
    integers: Int64[np.ndarray, "rows"],
    prediction: Float64[np.ndarray, "rows"] | None,
    kind: np.dtype[Any],
) -> Shaped[np.ndarray, "rows"]:
    """Values of type `kind`; integers round to the nearest, overflow saturates, NaN is 0."""
    units = integers.astype(np.float64)
    if prediction is not None:
        units += prediction
    values = grid.from_units(units)
    if kind.kind == "f":
        limit = np.finfo(kind)
        return np.clip(values, float(limit.min), float(limit.max)).astype(kind)
    info = np.iinfo(kind)
    largest = float(info.max) if kind.itemsize < 8 else float(np.nextafter(float(info.max), 0))
    whole = np.nan_to_num(np.rint(values), copy=False, nan=0.0)  # the cast of NaN has no one answer
    return np.clip(whole, float(info.min), largest).astype(kind)


def _exceeds_difference(
    left: Float64[np.ndarray, "rows"], right: Float64[np.ndarray, "rows"]
) -> Bool[np.ndarray, "rows"]:
    """Whether a real difference is larger than the float64 nearest to it (Knuth's TwoSum)."""
    difference = left - right
    virtual = left - difference
    rest = (left - (difference + virtual)) + (virtual - right)
    return np.sign(rest) * np.sign(difference) > 0


def breaks_promise(
    values: Shaped[np.ndarray, "rows"], decoded: Shaped[np.ndarray, "rows"], tolerance: float
) -> Bool[np.ndarray, "rows"]:
    """Rows to be stored exactly: not finite, or further off than the tolerance.

    The real difference counts. A rounded one is on the same side of the tolerance, or is it.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        left, right = values.astype(np.float64), decoded.astype(np.float64)
        error = np.abs(left - right)
        is_kept = error <= tolerance
        edge = np.flatnonzero(error == tolerance)
        is_kept[edge] = ~_exceeds_difference(left[edge], right[edge])
    if values.dtype.kind in "iu":
        # float64 holds integers up to 2 ** 53; beyond, only equality is certain.
        is_large = np.abs(values.astype(np.float64)) >= 2.0**53
        is_kept = np.where(is_large, values == decoded, is_kept)
    return ~is_kept
