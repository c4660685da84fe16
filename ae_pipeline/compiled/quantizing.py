"""Quantise one column in a single pass: what numpy does in twenty, value by value.

The same operations of float64 in the same order as `coding.quantization`, so the same bits.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ae_pipeline.compiled.compiling import Bools, Int64s, kernel

Float64s: TypeAlias = npt.NDArray[np.float64]

#: Rows of a tile: where one of them is not simple, all are looked at one by one.
_TILE = 1 << 10


@kernel
def round_to_cells(
    values: Float64s,
    prediction: Float64s,
    numbers: Float64s,
    fill_values: Float64s,
    is_single: bool,
    integers: Int64s,
    is_exact: Bools,
    is_outlier: Bools,
    n_outliers: Int64s,
) -> None:
    """Round values to the cells of a linear grid.

    Args:
        values: that are not null.
        prediction: in cells; empty to round the values themselves.
        numbers: offset and width of cells, the largest unit, the tolerance, the largest float of
            the values' type, the least and the largest ordinary value.
        fill_values: that come back bit for bit.
        is_single: whether the values' type is float32.
        integers: takes the cells; where a value has none, the one before.
        is_exact: takes whether rounding breaks the promise of a value.
        is_outlier: takes whether rounding changes a value that is not ordinary.
        n_outliers: [1], to which the number of values that are not ordinary is added.
    """
    for start in range(0, len(values), _TILE):
        rows = start, min(start + _TILE, len(values))
        tile, predicted = values[start : rows[1]], prediction[start : rows[1]]
        found = integers[start : rows[1]]
        if _is_simple(tile, predicted, numbers, fill_values, is_single, found):
            is_exact[start : rows[1]] = False
            is_outlier[start : rows[1]] = False
        else:
            outputs = integers, is_exact, is_outlier
            told = numbers, fill_values, is_single
            n_outliers[0] += _round_each(values, prediction, told, rows, outputs)


@kernel
def _is_simple(
    values: Float64s,
    prediction: Float64s,
    numbers: Float64s,
    fill_values: Float64s,
    is_single: bool,
    integers: Int64s,
) -> bool:
    """Round a tile by vector code; return whether all values are ordinary and surely kept."""
    offset, cell, largest_unit, tolerance, limit, low, high = numbers
    for fill in fill_values:
        n_filled = 0
        for row in range(len(values)):
            n_filled += values[row] == fill
        if n_filled:
            return False
    n_simple, is_predicted = 0, len(prediction) > 0
    for row in range(len(values)):
        value = values[row]
        unit = (value - offset) / cell
        predicted = prediction[row] if is_predicted else 0.0
        whole = np.rint(unit - predicted)
        back = (whole + predicted) * cell + offset
        decoded = np.float64(np.float32(back)) if is_single else back
        is_held = (abs(unit) < largest_unit) & (abs(unit - predicted) < largest_unit)
        is_near = (abs(value - decoded) < tolerance) & (abs(back) <= limit)
        n_simple += is_held & is_near & (value >= low) & (value <= high)
        integers[row] = np.int64(whole if is_held else 0.0)
    return n_simple == len(values)


@kernel
def _round_each(
    values: Float64s,
    prediction: Float64s,
    told: tuple[Float64s, Float64s, bool],
    rows: tuple[int, int],
    outputs: tuple[Int64s, Bools, Bools],
) -> int:
    """Round a tile value by value, as `round_to_cells` says."""
    numbers, fill_values, is_single = told
    offset, cell, largest_unit, tolerance, limit, low, high = numbers
    integers, is_exact, is_outlier = outputs
    start, stop = rows
    before = integers[start - 1] if start else np.int64(0)
    n_outliers = 0
    for row in range(start, stop):
        value = values[row]
        unit = (value - offset) / cell
        distance = unit - prediction[row] if len(prediction) else unit
        if abs(unit) < largest_unit and abs(distance) < largest_unit:
            before = np.int64(np.rint(distance))
        integers[row] = before
        back = np.float64(before)
        if len(prediction):
            back += prediction[row]
        back = back * cell + offset
        if not math.isnan(back):
            back = min(max(back, -limit), limit)
        decoded = np.float64(np.float32(back)) if is_single else back
        is_fill = False
        for fill in fill_values:
            is_fill |= value == fill
        is_changed = is_fill and _differs(value, decoded)
        is_exact[row] = is_changed or not _is_kept(value, decoded, tolerance)
        is_far = (value < low or value > high) and not is_fill
        n_outliers += is_far
        is_outlier[row] = is_far and value != decoded
    return n_outliers


@kernel
def _is_kept(value: float, decoded: float, tolerance: float) -> bool:
    """Whether the real difference is at most the tolerance (Knuth's TwoSum at the edge)."""
    difference = value - decoded
    if not math.isfinite(value) or not abs(difference) <= tolerance:
        return False
    if abs(difference) < tolerance:
        return True
    virtual = value - difference
    rest = (value - (difference + virtual)) + (virtual - decoded)
    return not np.sign(rest) * np.sign(difference) > 0


@kernel
def _differs(value: float, decoded: float) -> bool:
    """Whether the bits of a value that is finite are others."""
    return value != decoded or math.copysign(1.0, value) != math.copysign(1.0, decoded)
