"""One column ↔ integers that keep its promise: direct, or as corrections of a prediction.

In tolerance units a value is `u = (x - offset) / (2 tolerance)`, and whatever is predicted, the
integer `r = rint(u - prediction)` leaves an error of at most half a unit, which is the tolerance.
Reconstruction is `offset + 2 tolerance (prediction + r)`, in float64, multiply and add apart, then
cast to the source type. What rounding spoils is found by decoding and stored exactly. Other grids
than this one take the place of the first and the last step (`grids`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from ae_pipeline.coding.grids import LARGEST_UNIT, Grid, LinearGrid
from ae_pipeline.coding.promise import Promise


@dataclass(frozen=True)
class Quantizer:
    """How one column becomes integers, and what is promised of it.

    Args:
        grid: that values are rounded to.
        promise: how far decoded values may be off.
        fill_values: stand for something that is no measurement; they come back bit for bit.
        ordinary: least and largest value that is no outlier; rare ones beyond come back bit for
            bit as well. None where that is not promised.
        is_whole: values come back as cells of the grid, and as nothing between them: no network may
            correct the column.
    """

    grid: Grid
    promise: Promise
    fill_values: tuple[float, ...] = ()
    ordinary: tuple[float, float] | None = None
    is_whole: bool = False

    @classmethod
    def linear(cls, offset: float, tolerance: float) -> Quantizer:
        """A grid of equal cells, each twice the tolerance; bit for bit if that is 0."""
        return cls(LinearGrid(offset, tolerance), Promise(tolerance))

    def is_broken(
        self, values: Shaped[np.ndarray, "rows"], decoded: Shaped[np.ndarray, "rows"]
    ) -> Bool[np.ndarray, "rows"]:
        """Rows that are not what was promised, fill values among them."""
        broken = breaks_promise(values, decoded, self.promise)
        return broken | (self.is_fill(values) & _differs(values, decoded))

    def is_fill(self, values: Shaped[np.ndarray, "rows"]) -> Bool[np.ndarray, "rows"]:
        """Rows that hold a fill value."""
        found = np.zeros(len(values), bool)
        for fill in self.fill_values:
            found |= values == fill
        return found

    def is_outlier(self, values: Shaped[np.ndarray, "rows"]) -> Bool[np.ndarray, "rows"]:
        """Rows beyond the ordinary values that hold no fill value."""
        if self.ordinary is None:
            return np.zeros(len(values), bool)
        low, high = self.ordinary
        return ((values < low) | (values > high)) & ~self.is_fill(values)


def promises_of(quantizers: Sequence[Quantizer]) -> tuple[Promise, ...]:
    """What is promised of each column."""
    return tuple(quantizer.promise for quantizer in quantizers)


def quantize(
    units: Float64[np.ndarray, "rows"], prediction: Float64[np.ndarray, "rows"] | None
) -> Int64[np.ndarray, "rows"]:
    """Nearest integers to `units - prediction`; where that is NaN, the integer before it."""
    distance = units if prediction is None else units - prediction
    is_known = np.abs(distance) < LARGEST_UNIT
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
    values: Shaped[np.ndarray, "rows"], decoded: Shaped[np.ndarray, "rows"], promise: Promise
) -> Bool[np.ndarray, "rows"]:
    """Rows to be stored exactly: not finite, or further off than promised.

    The real difference counts. A rounded one is on the same side of the tolerance, or is it.
    """
    if promise.is_exact:
        return _differs(values, decoded)
    with np.errstate(over="ignore", invalid="ignore"):
        left, right = values.astype(np.float64), decoded.astype(np.float64)
        error, allowed = np.abs(left - right), promise.allowed(values)
        is_kept = np.isfinite(left) & (error <= allowed)
        edge = np.flatnonzero(is_kept & (error == allowed))
        is_kept[edge] = ~_exceeds_difference(left[edge], right[edge])
    if values.dtype.kind in "iu":
        # float64 holds integers up to 2 ** 53; beyond, only equality is certain.
        is_large = np.abs(values.astype(np.float64)) >= 2.0**53
        is_kept = np.where(is_large, values == decoded, is_kept)
    return ~is_kept


def _differs(
    values: Shaped[np.ndarray, "rows"], decoded: Shaped[np.ndarray, "rows"]
) -> Bool[np.ndarray, "rows"]:
    """Rows of other bits."""
    bits = f"u{values.itemsize}"
    different: Bool[np.ndarray, "rows"] = values.view(bits) != decoded.view(bits)
    return different
