"""One column ↔ integers that keep its promise: direct, or as residuals of a prediction.

In tolerance units a value is `u = (x - offset) / (2 tolerance)`, and whatever is predicted, the
residual `r = rint(u - prediction)` leaves an error of at most half a unit, which is the tolerance.
Reconstruction is `offset + 2 tolerance (prediction + r)`, in float64, multiply and add apart, then
cast to the source type. Values that rounding pushes beyond the tolerance are found by decoding and
stored exactly. Other grids (`grids`) replace the first and the last step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from ae_pipeline.coding.column.fused import KERNEL_TYPES, Rounded, restore_values, round_to_cells
from ae_pipeline.coding.grids import LARGEST_UNIT, Grid, LinearGrid
from ae_pipeline.coding.promise import Promise
from ae_pipeline.compiled import doing_without

#: Outliers are stored exactly as long as they are at most this share of the values.
MANY_EXACT = 1 / 16

Values = Shaped[np.ndarray, "rows"]
Prediction = Float64[np.ndarray, "rows"]


@dataclass(frozen=True)
class Quantizer:
    """How one column becomes integers, and what its codec promises of it.

    Args:
        grid: values are rounded to its cells.
        promise: how far decoded values may be off.
        fill_values: stand for something other than a measurement; they come back bit for bit.
        ordinary: least and largest value that is not an outlier; rare ones beyond come back bit for
            bit as well. None where that is not promised.
        is_whole: values come back as cells of the grid and nothing between them, so no network may
            predict the column.
    """

    grid: Grid
    promise: Promise
    fill_values: tuple[float, ...] = ()
    ordinary: tuple[float, float] | None = None
    is_whole: bool = False

    @classmethod
    def linear(cls, offset: float, tolerance: float) -> Quantizer:
        """Return a quantizer with cells of twice the tolerance; bit for bit if that is 0."""
        return cls(LinearGrid(offset, tolerance), Promise(tolerance))

    def to_units(self, values: Values) -> Prediction:
        """Convert source units to tolerance units; NaN for values that no cell holds."""
        with np.errstate(invalid="ignore"):  # a signalling NaN is a value like any other
            return self.grid.to_units(values.astype(np.float64))

    def quantize(
        self, values: Values, prediction: Prediction | None
    ) -> tuple[Int64[np.ndarray, "rows"], Int64[np.ndarray, "chosen"]]:
        """Round values; return their integers and the rows that must be stored exactly.

        Args:
            values: that are not null.
            prediction: in tolerance units, or None to round the values themselves.
        """
        found = self._fused(values, prediction)
        if found is None:
            with doing_without():
                found = self._rounded(values, prediction)
        integers, is_exact, is_outlier, n_outliers = found
        if n_outliers <= MANY_EXACT * len(values):  # else they are the rule in this block
            is_exact |= is_outlier
        return integers, np.flatnonzero(is_exact)

    def _fused(self, values: Values, prediction: Prediction | None) -> Rounded | None:
        """Round by a kernel, if it pays: to cells of one width, within one bound, as floats."""
        promise, grid = self.promise, self.grid
        is_absolute = promise.absolute and not (promise.relative or promise.digits)
        if not (is_absolute and isinstance(grid, LinearGrid) and values.dtype in KERNEL_TYPES):
            return None
        told = promise.absolute, self.fill_values, self.ordinary
        return round_to_cells(values, prediction, grid, *told)

    def _rounded(self, values: Values, prediction: Prediction | None) -> Rounded:
        """Round in numpy."""
        integers = quantize(self.to_units(values), prediction)
        decoded = dequantize(self.grid, integers, prediction, values.dtype)
        is_outlier = self.is_outlier(values)
        is_changed = is_outlier & (values != decoded)
        return integers, self.is_broken(values, decoded), is_changed, int(is_outlier.sum())

    def exact_rows(self, values: Values, decoded: Values) -> Int64[np.ndarray, "chosen"]:
        """Return the rows that must be stored exactly, as others come back."""
        is_exact = self.is_broken(values, decoded)
        is_outlier = self.is_outlier(values)
        if is_outlier.sum() <= MANY_EXACT * len(values):  # else they are the rule in this block
            is_exact |= is_outlier & (values != decoded)
        return np.flatnonzero(is_exact)

    def is_broken(self, values: Values, decoded: Values) -> Bool[np.ndarray, "rows"]:
        """Return the rows that break the promise, fill values that changed among them."""
        broken = breaks_promise(values, decoded, self.promise)
        return broken | (self.is_fill(values) & _differs(values, decoded))

    def is_fill(self, values: Values) -> Bool[np.ndarray, "rows"]:
        """Return the rows that hold a fill value."""
        found = np.zeros(len(values), bool)
        for fill in self.fill_values:
            found |= values == fill
        return found

    def is_outlier(self, values: Values) -> Bool[np.ndarray, "rows"]:
        """Return the rows beyond the ordinary values that do not hold a fill value."""
        if self.ordinary is None:
            return np.zeros(len(values), bool)
        low, high = self.ordinary
        return ((values < low) | (values > high)) & ~self.is_fill(values)


def quantize(
    units: Float64[np.ndarray, "rows"], prediction: Prediction | None
) -> Int64[np.ndarray, "rows"]:
    """Round `units - prediction`; where that is NaN, repeat the integer before it."""
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
    prediction: Prediction | None,
    kind: np.dtype[Any],
) -> Values:
    """Return values of type `kind`; integers round to the nearest, overflow saturates, NaN is 0."""
    if isinstance(grid, LinearGrid) and kind in KERNEL_TYPES:
        found = restore_values(integers, prediction, grid, kind)
        if found is not None:
            return found
    with doing_without():
        units = integers.astype(np.float64)
        if prediction is not None:
            units += prediction
        return from_units(grid, units, kind)


def from_units(grid: Grid, units: Float64[np.ndarray, "rows"], kind: np.dtype[Any]) -> Values:
    """Return values of type `kind` from units, which need not be whole, as `dequantize`."""
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
    """Return where a real difference exceeds the float64 nearest to it (Knuth's TwoSum)."""
    difference = left - right
    virtual = left - difference
    rest = (left - (difference + virtual)) + (virtual - right)
    return np.sign(rest) * np.sign(difference) > 0


def breaks_promise(values: Values, decoded: Values, promise: Promise) -> Bool[np.ndarray, "rows"]:
    """Return the rows that are not finite or further off than promised.

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


def _differs(values: Values, decoded: Values) -> Bool[np.ndarray, "rows"]:
    """Return the rows whose bits differ."""
    bits = f"u{values.itemsize}"
    different: Bool[np.ndarray, "rows"] = values.view(bits) != decoded.view(bits)
    return different
