"""Rows sorted by keys, stably, and the groups of rows whose keys are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, UInt64

_DIGIT = np.uint64(0xFFFF)

Rows = Int64[np.ndarray, "rows"]


@dataclass(frozen=True)
class RowOrder:
    """An order of the rows of a space.

    Args:
        rows: in this order.
        is_first: in this order, whether a row is the first one of its group.
    """

    rows: Rows
    is_first: Bool[np.ndarray, "rows"]


def order_rows(keys: Sequence[Rows], is_start: Bool[np.ndarray, "rows"]) -> RowOrder:
    """Sort the rows of each run by keys, the first key first, and equal keys by row.

    Args:
        keys: an integer of each row.
        is_start: rows that begin a run; groups end with their run.
    """
    n_rows = len(is_start)
    all_keys = [np.cumsum(is_start), *keys] if is_start[1:].any() else keys
    rows = np.arange(n_rows)
    for key in reversed(all_keys):
        rows = _sorted_by(key, rows)
    is_first = is_start.copy()
    if keys:
        is_first = np.ones(n_rows, bool)
        is_first[1:] = False
        for key in all_keys:
            ordered = key[rows]
            is_first[1:] |= ordered[1:] != ordered[:-1]
    return RowOrder(rows, is_first)


def _sorted_by(key: Rows, rows: Rows) -> Rows:
    """Sort `rows` by a key, stably; numpy sorts 16 bits at a time in linear time."""
    if not len(rows):
        return rows
    # Differences modulo 2^64 order as the key does, whatever its sign.
    distances: UInt64[np.ndarray, "rows"] = (key - key.min()).view(np.uint64)
    largest = int(distances.max())
    for shift in range(0, largest.bit_length(), 16):
        digits = ((distances >> np.uint64(shift)) & _DIGIT).astype(np.uint16)
        rows = rows[np.argsort(digits[rows], kind="stable")]
    return rows
