"""Rows halfway between known ones, predicted by lines and curves through these, in integers.

Sums of integers, shifted: every machine predicts the same. `docs/format.md`, section 4.8.

Source: the dyadic spline interpolation of SZ3 (Zhao et al. 2021, "Optimizing Error-Bounded Lossy
Compression for Scientific Data by Dynamic Spline Interpolation"), with curves through six rows.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

#: Orders: a line through two rows, curves through four and through six.
LINE, CUBIC, QUINTIC = range(3)
#: The fewest known rows for a curve through four, and for one through six.
_FEWEST, _FEWEST_SIX = 4, 6

Known = Int64[np.ndarray, "known"]
Between = Int64[np.ndarray, "between"]


def predict(known: Known, n_rows: int, order: int) -> Between:
    """Predict the rows halfway between known ones.

    Args:
        known: at least one row, equally far apart.
        n_rows: to predict, one fewer than are known, or as many: then one comes after the last.
        order: of the curves.
    """
    n_inner = len(known) - 1
    found = np.empty(n_rows, np.int64)
    found[:n_inner] = _inner(known, order)
    if n_rows > n_inner:
        last = known[-1:]
        found[n_inner:] = last + ((last - known[-2:-1]) >> 1) if n_inner else last
    return found


def _inner(known: Known, order: int) -> Between:
    """Predict the rows that have a known one on either side.

    Damaged bytes may make sums wrap, which arrays do in silence and single numbers do not.
    """
    pairs = known[:-1] + known[1:]
    if order == LINE or len(known) < _FEWEST:
        return (pairs + 1) >> 1
    found = np.empty_like(pairs)
    found[:1] = _at_end(known[:3])
    found[-1:] = _at_end(known[:-4:-1])
    outer = known[:-3] + known[3:]
    if order == CUBIC or len(known) < _FEWEST_SIX:
        found[1:-1] = _cubic(pairs[1:-1], outer)
        return found
    found[1:2] = _cubic(pairs[1:2], outer[:1])
    found[-2:-1] = _cubic(pairs[-2:-1], outer[-1:])
    farthest = known[:-5] + known[5:]
    found[2:-2] = (150 * pairs[2:-2] - 25 * outer[1:-1] + 3 * farthest + 128) >> 8
    return found


def _cubic(pairs: Between, outer: Between) -> Between:
    return (9 * pairs - outer + 8) >> 4


def _at_end(nearest: Known) -> Int64[np.ndarray, "1"]:
    """Predict between the first two of three rows by the parabola through them."""
    return (3 * nearest[:1] + 6 * nearest[1:2] - nearest[2:3] + 4) >> 3
