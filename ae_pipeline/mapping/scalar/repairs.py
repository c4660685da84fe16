"""Repairs of floats near a scale, as categories: a few floats up or down, or another rule.

Category c up to `2 * MOST_ULPS` is the float `c - MOST_ULPS` further than the scale says, the
categories after them are the rules of `RULES` in their order.
"""

from __future__ import annotations

import numpy as np

from ae_pipeline.mapping.scalar.bit_order import Floats, from_order, to_order
from ae_pipeline.mapping.scalar.scales import Scale
from ae_pipeline.mapping.subcolumn import Integers

#: Floats further from the scale are exceptions.
MOST_ULPS = 4
_FIRST_RULE = 2 * MOST_ULPS + 1
#: Rows that the rule of a block is chosen by.
_CHOOSING_ROWS = 4096


def repairs_of(scale: Scale, numbers: Integers, reached: Floats, values: Floats) -> Integers:
    """Return the categories of values; -1 if there is none.

    Args:
        scale: with the rule that most of the column follows.
        numbers: of the values.
        reached: values of these numbers.
        values: finite ones.
    """
    ulps = to_order(values) - to_order(reached)
    repairs = np.where(np.abs(ulps) <= MOST_ULPS, ulps + MOST_ULPS, -1)
    if not ulps.any():
        return repairs
    # One rule for the whole block: rows that it fits need no second category.
    rows = np.arange(0, len(values), len(values) // _CHOOSING_ROWS + 1)
    hits = [_hits(one, numbers[rows], values[rows]) for one in scale.variants]
    n_hits = [int(one.sum()) for one in hits]
    if n_hits and max(n_hits) > (ulps[rows] == 0).sum():
        best = int(np.argmax(n_hits))
        is_hit = _hits(scale.variants[best], numbers, values)
        return np.where(is_hit, _FIRST_RULE + best, repairs)
    return repairs


def repaired(scale: Scale, numbers: Integers, reached: Floats, repairs: Integers) -> Floats:
    """Invert `repairs_of`; ValueError if there is no such category."""
    n_categories = _FIRST_RULE + len(scale.variants)
    if len(repairs) and (repairs.min() < 0 or repairs.max() >= n_categories):
        raise ValueError("no distance from a scale, and no rule")
    ulps = np.where(repairs < _FIRST_RULE, repairs - MOST_ULPS, 0)
    values = from_order(to_order(reached) + ulps, reached.dtype) if ulps.any() else reached.copy()
    for category, variant in enumerate(scale.variants, start=_FIRST_RULE):
        rows = np.flatnonzero(repairs == category)
        if len(rows):
            values[rows] = variant.value_of(numbers[rows], reached.dtype)
    return values


def _hits(scale: Scale, numbers: Integers, values: Floats) -> np.ndarray:
    return scale.value_of(numbers, values.dtype) == values
