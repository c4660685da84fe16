"""Count the blocks that a reader can skip by the bounds of each column, without decoding any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any  # bounds of one kind are ordered

from ae_pipeline.formats.column_bounds import ColumnBounds
from ae_pipeline.formats.statistics import Statistics
from ae_pipeline.results.inspection import ColumnSkipping


def count_skipping(blocks: Sequence[Statistics]) -> tuple[ColumnSkipping, ...]:
    """Return the counts of every column that has bounds in some block.

    Args:
        blocks: bounds of each row group of all fragments.
    """
    names = dict.fromkeys(name for block in blocks for name in block)
    return tuple(_count(name, blocks) for name in names)


def _count(name: str, blocks: Sequence[Statistics]) -> ColumnSkipping:
    own = [block[name] for block in blocks if name in block]
    return ColumnSkipping(
        name=name,
        n_blocks=len(blocks),
        n_bounded=len(own),
        n_sets=sum(bool(one.values) for one in own),
        n_narrow=_count_narrow(own),
    )


def _count_narrow(bounds: Sequence[ColumnBounds]) -> int:
    """Count the blocks that lack some of what the others may hold: one kind of bound at a time."""
    kinds = {type(one.minimum) for one in bounds}
    n_narrow = 0
    for kind in kinds:
        own = [one for one in bounds if type(one.minimum) is kind]
        widest = _widest(own)
        n_narrow += sum(len(kinds) > 1 or _range_of(one) != widest for one in own)
    return n_narrow


def _widest(bounds: Iterable[ColumnBounds]) -> tuple[object, object, frozenset[bytes] | None]:
    lows, highs, sets = zip(*map(_range_of, bounds), strict=True)
    if lows[0] is None:
        return None, None, None
    words = None if None in sets else frozenset(word for one in sets for word in one or ())
    return min(lows), max(highs), words


def _range_of(bounds: ColumnBounds) -> tuple[Any, Any, frozenset[bytes] | None]:
    return bounds.minimum, bounds.maximum, frozenset(bounds.values) if bounds.values else None
