"""The levels of a series: which rows each has, and in which context each of them is coded."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64, UInt8

#: Contexts of rows of levels, and that of all rows around knots.
N_CONTEXTS, ALL_ROWS = 8, 7
#: Magnitudes of integers that a context tells apart.
_MOST_MAGNITUDE = 1 << 20
#: The context of a weighted sum of magnitudes; larger sums are in the last one.
_CONTEXTS: UInt8[np.ndarray, "sums"] = np.array([n.bit_length() for n in range(33)], np.uint8)

Integers = Int64[np.ndarray, "rows"]


def count_levels(n_rows: int) -> int:
    """Return the number of levels of so many rows beside row 0."""
    return max(n_rows - 1, 0).bit_length()


def magnitudes(integers: Integers) -> Integers:
    """Return how large integers are, as far as contexts tell."""
    return np.minimum(np.abs(integers), _MOST_MAGNITUDE)


def contexts_of(known: Int64[np.ndarray, "known"], n_rows: int) -> UInt8[np.ndarray, "between"]:
    """Return the contexts of the rows halfway between known ones.

    Args:
        known: magnitudes of the integers of known rows.
        n_rows: one fewer than are known, or as many.
    """
    last = known[-1:]
    wide = np.concatenate([known[:1], known, last, last])
    sums = wide[1 : 1 + n_rows] + wide[2 : 2 + n_rows]
    sums = 2 * sums + wide[:n_rows] + wide[3 : 3 + n_rows]
    return _CONTEXTS[np.minimum(sums, len(_CONTEXTS) - 1)]
