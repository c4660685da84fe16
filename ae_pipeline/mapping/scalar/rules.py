"""Rules by which whole numbers and decimal places became floats.

Programs do not agree on the last bit of a decimal number. Each rule is elementwise IEEE 754.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from ae_pipeline.mapping.subcolumn import Integers

MOST_PLACES = 300
POWERS_OF_TEN = np.array([float(f"1e{power}") for power in range(MOST_PLACES + 1)])
_PARTS = np.array([float(f"1e-{power}") for power in range(MOST_PLACES + 1)])

Reals = Float64[np.ndarray, "rows"]
#: One number of places for all rows, or one for each.
Places = int | Integers


def _divided(whole: Reals, places: Places) -> Reals:
    return whole / POWERS_OF_TEN[places]


def _multiplied(whole: Reals, places: Places) -> Reals:
    return whole * _PARTS[places]


def _divided_in_turn(whole: Reals, places: Places) -> Reals:
    """Divide by 10, 100, 10^4, 10^8 and so on, as parsers of text did that avoid large powers."""
    left, power, exponent = np.asarray(places), 10.0, 1
    while (left > 0).any():
        whole = np.where(left & 1 == 1, whole / power, whole)
        left, exponent = left >> 1, 2 * exponent
        power = float(POWERS_OF_TEN[min(exponent, MOST_PLACES)])
    return whole


def _trimmed(whole: Reals, places: Places) -> Reals:
    """Divide in turn after zeros at the end are dropped, as texts do that print no such zeros."""
    left = np.broadcast_to(np.asarray(places), whole.shape).copy()
    rest = whole.copy()
    rows = np.flatnonzero((left > 0) & (whole != 0))
    while len(rows):
        tenths = np.rint(rest[rows] / 10.0)
        is_zero = tenths * 10.0 == rest[rows]
        rows = rows[is_zero]
        rest[rows] = tenths[is_zero]
        left[rows] -= 1
        rows = rows[left[rows] > 0]
    return _divided_in_turn(rest, left)


#: How a whole number and its decimal places become a float.
RULES: dict[str, Callable[[Reals, Places], Reals]] = {
    "divide": _divided,
    "multiply": _multiplied,
    "divide_in_turn": _divided_in_turn,
    "trim": _trimmed,
}
