"""Orders by key columns in which a row resembles the one before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ae_pipeline.table_fit.goal import Goal

_MOST_SINGLES = 3
_MOST_SECONDS = 6


@dataclass(frozen=True)
class KeyOrder:
    """An order and how alike neighbours are in it.

    Args:
        keys: none for row order.
        same: share of rows equal to the one before.
        change_bits: mean of `log2(1 + |change|)`.
    """

    keys: tuple[str, ...]
    same: float
    change_bits: float


def measure_order(goal: Goal, keys: tuple[str, ...]) -> KeyOrder:
    """Compare picked rows with the live rows before them in an order."""
    before = goal.space.before(keys)
    rows, previous = goal.space.picked, before.rows
    if goal.sequence.live is not None:
        live = goal.sequence.live
        is_used = (previous >= 0) & live[rows] & live[previous]
    else:
        is_used = previous >= 0
    if not is_used.any():
        return KeyOrder(keys, 0.0, 64.0)
    here, there = goal.integers[rows[is_used]], goal.integers[previous[is_used]]
    changes = np.abs(here.astype(np.float64) - there.astype(np.float64))
    return KeyOrder(keys, float(np.mean(here == there)), float(np.mean(np.log2(1 + changes))))


def find_orders(goal: Goal, names: list[str], has_pairs: bool = True) -> list[KeyOrder]:
    """Return row order, the order with most equal neighbours, and that with least changes."""
    rows = measure_order(goal, ())
    orders = [measure_order(goal, (name,)) for name in names]
    alike = sorted(orders, key=lambda order: -order.same)
    if has_pairs:
        orders += [
            measure_order(goal, (first.keys[0], second.keys[0]))
            for first in alike[:_MOST_SINGLES]
            for second in alike[:_MOST_SECONDS]
            if first is not second
        ]
    found = [rows]
    if orders:
        same = max(orders, key=lambda order: order.same - 0.02 * len(order.keys))
        if same.same > rows.same + 0.03:
            found.append(same)
        close = min(orders, key=lambda order: order.change_bits + 0.05 * len(order.keys))
        if close.change_bits < rows.change_bits - 0.2 and close is not same:
            found.append(close)
    return found
