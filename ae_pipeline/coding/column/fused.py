"""Values ↔ cells of a linear grid in one pass each, by kernels: the bits of numpy."""

from __future__ import annotations

import math
from typing import Any, TypeAlias  # Any: a dtype known at run time only

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from ae_pipeline.coding.grids import LARGEST_UNIT, LinearGrid
from ae_pipeline.compiled import kernels_pay, ran

#: Cells, rows that break the promise, outliers that rounding changes, and how many outliers.
Rounded: TypeAlias = tuple[
    Int64[np.ndarray, "rows"], Bool[np.ndarray, "rows"], Bool[np.ndarray, "rows"], int
]
#: Types of values that the kernel takes.
KERNEL_TYPES = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
_NONE = np.zeros(0)


def round_to_cells(
    values: Shaped[np.ndarray, "rows"],
    prediction: Float64[np.ndarray, "rows"] | None,
    grid: LinearGrid,
    tolerance: float,
    fill_values: tuple[float, ...],
    ordinary: tuple[float, float] | None,
) -> Rounded | None:
    """Round values, or return None if the kernel cannot be compiled.

    Args:
        values: of one of `KERNEL_TYPES`, that are not null.
        prediction: in tolerance units, or None to round the values themselves.
        grid: with cells.
        tolerance: largest error that is promised, in source units.
        fill_values: that come back bit for bit.
        ordinary: least and largest value that is no outlier; None if there are no outliers.
    """
    if not kernels_pay("quantizing.round_to_cells"):
        return None
    low, high = (-math.inf, math.inf) if ordinary is None else ordinary
    with np.errstate(invalid="ignore", over="ignore"):  # a signalling NaN is a value, too
        # Python's numbers are compared with values in the type of these.
        told = np.array([low, high, *fill_values]).astype(values.dtype).astype(np.float64)
        whole = values.astype(np.float64)
    limit = float(np.finfo(values.dtype).max)
    numbers = np.array([grid.offset, grid.cell, LARGEST_UNIT, tolerance, limit, *told[:2]])
    integers, n_outliers = np.empty(len(values), np.int64), np.zeros(1, np.int64)
    is_exact, is_outlier = np.empty(len(values), bool), np.empty(len(values), bool)
    given = _NONE if prediction is None else np.ascontiguousarray(prediction)
    is_single = values.dtype == np.float32
    outputs = integers, is_exact, is_outlier, n_outliers
    if not ran("quantizing.round_to_cells", whole, given, numbers, told[2:], is_single, *outputs):
        return None
    return integers, is_exact, is_outlier, int(n_outliers[0])


def restore_values(
    integers: Int64[np.ndarray, "rows"],
    prediction: Float64[np.ndarray, "rows"] | None,
    grid: LinearGrid,
    kind: np.dtype[Any],
) -> Shaped[np.ndarray, "rows"] | None:
    """Restore values, or return None if kernels do not pay.

    Args:
        integers: cells, or residuals of a prediction.
        prediction: in tolerance units, or None.
        grid: with cells.
        kind: of the values, one of `KERNEL_TYPES`.
    """
    values = np.empty(len(integers), kind)
    given = _NONE if prediction is None else np.ascontiguousarray(prediction)
    limit = float(np.finfo(kind).max)
    arguments = np.ascontiguousarray(integers), given, grid.cell, grid.offset, limit, values
    return values if ran("decoding.restore_values", *arguments) else None


def round_units(
    units: Float64[np.ndarray, "rows"], factor: float, farthest: float
) -> Int64[np.ndarray, "rows"] | None:
    """Round units times a factor, at most `farthest` from 0; None if kernels do not pay."""
    integers = np.empty(len(units), np.int64)
    arguments = np.ascontiguousarray(units), factor, farthest, integers
    return integers if ran("decoding.round_units", *arguments) else None
