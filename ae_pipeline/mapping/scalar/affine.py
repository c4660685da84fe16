"""Integers counted in the steps that they really take."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Any  # JSON trees

import numpy as np
from jaxtyping import Int64, UInt64

from ae_pipeline.mapping.checked import integer_of
from ae_pipeline.mapping.exceptions import Rows
from ae_pipeline.mapping.subcolumn import Integers

#: With fewer distinct values, a common divisor may be chance.
_FEW_DISTINCT = 16
_MOST = (1 << 63) - 1


@dataclass(frozen=True)
class Affine:
    """The map `value = offset + step * q`, modulo 2^64.

    Args:
        offset: value of q = 0.
        step: at least 1.
    """

    offset: int = 0
    step: int = 1

    def to_steps(self, values: Integers) -> tuple[Integers, Rows | None]:
        """Return q, and which values lie between two steps; None if none does."""
        distance = values - np.int64(self.offset)
        if self.step == 1:
            return distance, None
        steps = distance // self.step
        is_between = steps * self.step != distance
        return steps, is_between if is_between.any() else None

    def from_steps(self, steps: Integers) -> Integers:
        """Invert `to_steps`."""
        return np.int64(self.offset) + steps * np.int64(self.step)

    def to_json(self) -> dict[str, Any]:
        """Write offset and step."""
        return {"offset": self.offset, "step": self.step}


def affine_of_json(tree: Dictionary[str, Any]) -> Affine:
    """Invert `Affine.to_json`; ValueError, KeyError or TypeError for anything else."""
    return Affine(integer_of(tree, "offset", -_MOST - 1, _MOST), integer_of(tree, "step", 1, _MOST))


def fit_affine(
    values: Int64[np.ndarray, "rows"] | UInt64[np.ndarray, "rows"], units: tuple[int, ...] = ()
) -> Affine:
    """Count from the least value, in the greatest step that all of a sample share.

    Args:
        values: signed 64-bit integers, or unsigned ones for those above.
        units: steps that are natural for such values, the largest first; they are believed however
            few values there are.
    """
    if not len(values):
        return Affine()
    least = values.min()
    distances = (values - least).view(np.uint64)
    divisor = int(np.gcd.reduce(distances))
    if divisor < 2 or divisor > _MOST:
        step = 1
    elif len(np.unique(distances)) < _FEW_DISTINCT:
        step = next((unit for unit in units if divisor % unit == 0), 1)
    else:
        step = divisor
    return Affine(int(least.astype(np.int64)), step)
