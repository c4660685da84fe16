"""Evenly spaced samples: a few fragments, or row groups, that stand for all of a sequence.

Fits, estimates and drift reports choose through these functions, so all of them see the same rows
of the same data. The choice shapes the bytes of codecs: do not change which items it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ae_pipeline.dataset import RowGroup

_Item = TypeVar("_Item")


def spread_items(items: Sequence[_Item], most: int) -> list[_Item]:
    """Return at most `most` items, evenly spaced: the first, the last and some between.

    Args:
        items: in their order; may be empty.
        most: at least 1; for 1 the first item is chosen.
    """
    n_chosen = min(most, len(items))
    steps = max(n_chosen - 1, 1)
    return [items[round(i * (len(items) - 1) / steps)] for i in range(n_chosen)]


def spread_row_groups(groups: Sequence[RowGroup], most_rows: int | None) -> list[RowGroup]:
    """Return evenly spaced row groups of about `most_rows` rows together, at least one.

    Args:
        groups: in their order; may be empty.
        most_rows: None for all of them.
    """
    n_rows = sum(group.n_rows for group in groups)
    if most_rows is None or n_rows <= most_rows:
        return list(groups)
    return spread_items(groups, max(1, len(groups) * most_rows // n_rows))
