"""Decode by loops that the compiler makes vector code of: one pass where numpy takes several.

The same operations of float64 in the same order as `coding.quantization` and
`coding.network`, so the same bits.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ae_pipeline.compiled.compiling import Int64s, kernel

#: float32 or float64.
Floats: TypeAlias = npt.NDArray[np.floating]
Float64s: TypeAlias = npt.NDArray[np.float64]


@kernel
def restore_values(
    integers: Int64s, prediction: Float64s, cell: float, offset: float, limit: float, values: Floats
) -> None:
    """Restore values from cells of a linear grid; overflow saturates.

    Args:
        integers: cells, or residuals of a prediction.
        prediction: in cells; empty if there is none.
        cell: width of a cell in source units.
        offset: position of cell 0, in source units.
        limit: largest float of the values' type.
        values: takes them.
    """
    is_predicted = len(prediction) > 0
    for row in range(len(integers)):
        unit = np.float64(integers[row])
        if is_predicted:
            unit += prediction[row]
        value: float = unit * cell + offset
        value = limit if value > limit else value
        values[row] = -limit if value < -limit else value


@kernel
def round_units(units: Float64s, factor: float, farthest: float, integers: Int64s) -> None:
    """Round units times a factor to integers at most `farthest` from 0; NaN is 0."""
    for row in range(len(units)):
        whole = np.rint(units[row] * factor)
        whole = 0.0 if math.isnan(whole) else whole
        whole = farthest if whole > farthest else whole
        integers[row] = np.int64(-farthest if whole < -farthest else whole)


@kernel
def activate(
    sums: Floats, scales: Float64s, biases: Float64s, steps: float, most: float, hidden: Floats
) -> None:
    """Give hidden units their activations: ReLU in whole steps, clipped.

    Args:
        sums: [hidden, rows], of products of integers.
        scales: of each unit's sum.
        biases: of each unit.
        steps: per one.
        most: the largest activation, in steps.
        hidden: [hidden, rows], takes the activations in steps.
    """
    for unit in range(len(sums)):
        scale, bias = scales[unit], biases[unit]
        for row in range(sums.shape[1]):
            step = np.rint((np.float64(sums[unit, row]) * scale + bias) * steps)
            step = most if step > most else step
            hidden[unit, row] = 0.0 if step < 0.0 else step


@kernel
def add_branches(
    sums: Floats,
    scales: Float64s,
    skip_sums: Floats,
    skip_scales: Float64s,
    biases: Float64s,
    outputs: Float64s,
) -> None:
    """Add what hidden units, skip and bias give; all [outputs, rows] or [outputs]."""
    for output in range(len(sums)):
        scale, skip_scale, bias = scales[output], skip_scales[output], biases[output]
        for row in range(sums.shape[1]):
            own = np.float64(sums[output, row]) * scale
            skip = np.float64(skip_sums[output, row]) * skip_scale
            outputs[output, row] = own + skip + bias
