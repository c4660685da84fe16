"""The sub-column whose integers name the rows of fragments, the same rows in each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Items

import numpy as np

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.references import hint_of

#: Rows of a fragment whose key is in the one before, at least.
_LEAST_SHARED = 0.2
_LEAST_ROWS = 64

Fragment = Mapping[str, Sequence]


def find_key(columns: Items[SubColumn], fragments: Items[Fragment]) -> str | None:
    """Return the sub-column that is unique in fragments and has most integers in common.

    Args:
        columns: of the table.
        fragments: sub-columns of some fragments of the source, by name.
    """
    shares = {
        name: min(_shared(one[name], two[name]) for one, two in _neighbours(fragments))
        for name in _candidates(columns)
        if all(_is_unique(fragment[name]) for fragment in fragments[:2])
    }
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= _LEAST_SHARED else None


def _candidates(columns: Items[SubColumn]) -> Iterator[str]:
    taken = {column.name for column in columns}
    for column in columns:
        is_value = column.role in ("number", "category") and not column.space
        if is_value and hint_of(column.name) not in taken:
            yield column.name


def _neighbours(fragments: Items[Fragment]) -> list[tuple[Fragment, Fragment]]:
    pairs = list(itertools.pairwise(fragments))
    return pairs[:: max(1, len(pairs) // 3)]


def _is_unique(sequence: Sequence) -> bool:
    integers = sequence.integers
    if len(integers) < _LEAST_ROWS or (sequence.live is not None and not sequence.live.all()):
        return False
    return len(np.unique(integers)) == len(integers)


def _shared(one: Sequence, two: Sequence) -> float:
    """Return the share of the rows of a fragment whose integer is in another one."""
    return float(np.isin(two.integers, one.integers).mean()) if len(two.integers) else 0.0
