"""Floats that are no ordinary numbers: NaN, infinities and negative zero, as categories."""

from __future__ import annotations

from typing import Any, TypeAlias  # Any: widths are known at run time only

import numpy as np
from jaxtyping import Int64, Shaped

from ae_pipeline.mapping.scalar.bit_order import raw_of

#: Category of ordinary numbers, and of NaN with unusual bits, which no category stands for.
ORDINARY, UNUSUAL = 0, -1
N_CATEGORIES = 5

Categories: TypeAlias = Int64[np.ndarray, "rows"]


def special_bits(kind: np.dtype[Any]) -> Shaped[np.ndarray, "4"]:
    """Return the bits of NaN, +Inf, -Inf and -0.0, categories 1 to 4."""
    return raw_of(np.array([np.nan, np.inf, -np.inf, -0.0], kind))


def categories_of(values: Shaped[np.ndarray, "rows"]) -> Categories | None:
    """Return the category of each float; None if all are ordinary."""
    raw = raw_of(values)
    is_special = ~np.isfinite(values) | (raw == np.iinfo(raw.dtype).min)
    if not is_special.any():
        return None
    categories = np.where(is_special, UNUSUAL, ORDINARY).astype(np.int64)
    for category, bits in enumerate(special_bits(values.dtype), start=1):
        categories[is_special & (raw == bits)] = category
    return categories


def put_specials(
    values: Shaped[np.ndarray, "rows"], categories: Categories
) -> Shaped[np.ndarray, "rows"]:
    """Replace values by the floats that their categories stand for; ValueError for other ones."""
    if len(categories) and (categories.min() < 0 or categories.max() >= N_CATEGORIES):
        raise ValueError("no category of floats")
    rows = np.flatnonzero(categories)
    if not len(rows):
        return values
    raw = raw_of(values).copy()
    raw[rows] = special_bits(values.dtype)[categories[rows] - 1]
    return raw.view(values.dtype)
