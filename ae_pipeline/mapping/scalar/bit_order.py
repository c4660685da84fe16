"""Floats as integers in the same order: neighbours are one apart.

The two zeros share an integer, so -0.0 must be set apart before.
"""

from __future__ import annotations

from typing import Any  # widths are known at run time only

import numpy as np
from jaxtyping import Float, Shaped

from ae_pipeline.mapping.subcolumn import Integers

Floats = Float[np.ndarray, "rows"]


def float_kind(n_bits: int) -> np.dtype[Any]:
    """Return the floating-point type of 16, 32 or 64 bits."""
    return np.dtype(f"<f{n_bits // 8}")


def raw_of(values: Floats) -> Shaped[np.ndarray, "rows"]:
    """View floats as signed integers of their width."""
    return np.ascontiguousarray(values).view(f"<i{values.itemsize}")


def to_order(values: Floats) -> Integers:
    """Return integers in the order of the values; negative zero becomes zero."""
    raw = raw_of(values)
    return np.where(raw < 0, np.iinfo(raw.dtype).min - raw, raw).astype(np.int64)


def from_order(integers: Integers, kind: np.dtype[Any]) -> Floats:
    """Invert `to_order`; ValueError if integers do not fit the width."""
    raw = integers.astype(f"<i{kind.itemsize}")
    if (raw != integers).any():
        raise ValueError(f"integers do not fit {kind}")
    return np.where(raw < 0, np.iinfo(raw.dtype).min - raw, raw).view(kind)
