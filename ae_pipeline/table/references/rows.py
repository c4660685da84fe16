"""The rows of references, and those that the rows of a block follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn, slice_sequence

#: Rows of a block that follow the same reference.
STRETCH = 1024
#: References of a codec, and sub-columns that name a row.
MOST_REFERENCES, MOST_KEYS = 16, 2
_HINT = "@"

Rows = Int64[np.ndarray, "rows"]


@dataclass(frozen=True)
class Picks:
    """The reference that each stretch of a block follows, and in which sub-columns.

    Args:
        numbers: of the reference of each stretch, from 1; 0 for none.
        is_followed: whether a sub-column follows it, in the order of their names.
    """

    numbers: Int64[np.ndarray, "stretches"]
    is_followed: Bool[np.ndarray, "names stretches"]


@dataclass(frozen=True)
class References:
    """Rows that a codec keeps, one reference after the other.

    Args:
        keys: sub-columns whose integers name a row of a reference.
        names: sub-columns that blocks may repeat.
        sequences: both, and sub-columns that help to code them, by name.
        sizes: rows of each reference, at least 1.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    sequences: Mapping[str, Sequence]
    sizes: tuple[int, ...]

    def no_picks(self, n_rows: int) -> Picks:
        """Return what a block follows that follows nothing."""
        n_stretches = -(-n_rows // STRETCH)
        is_followed = np.zeros((len(self.names), n_stretches), bool)
        return Picks(np.zeros(n_stretches, np.int64), is_followed)

    def follow(self, picks: Picks, known: Mapping[str, Sequence], n_rows: int) -> Rows:
        """Return the place of the kept row that each row of a block follows, -1 if it has none.

        Args:
            picks: of the block.
            known: the keys of the block.
            n_rows: of the block.
        """
        by_row = np.repeat(picks.numbers, STRETCH)[:n_rows]
        places = np.full(n_rows, -1)
        for number in np.unique(picks.numbers[picks.numbers > 0]).tolist():
            found = self.find(number, known)
            np.copyto(places, found, where=by_row == number)
        return places

    def find(self, number: int, known: Mapping[str, Sequence]) -> Rows:
        """Return the place of the row of one reference with the keys of each row, or -1.

        Args:
            number: of the reference, from 1.
            known: the keys of a block.
        """
        return self._indexes[number - 1].find([known[name] for name in self.keys])

    def hint(self, name: str, picks: Picks, places: Rows) -> Sequence:
        """Return the integers of a sub-column in the rows that follow others; the rest has none.

        Args:
            name: of the sub-column.
            picks: of the block.
            places: as `follow` returns them.
        """
        is_followed = picks.is_followed[self._places_of_names[name]]
        kept, has_one = self.sequences[name], places >= 0
        has_one &= np.repeat(is_followed, STRETCH)[: len(places)]
        live = has_one if kept.live is None else has_one & kept.live[places]
        return Sequence(np.where(live, kept.integers[places], 0), live)

    @cached_property
    def _places_of_names(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def _indexes(self) -> tuple[_Index, ...]:
        ends = np.cumsum(self.sizes).tolist()
        spans = (slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True))
        kept = [self.sequences[name] for name in self.keys]
        return tuple(
            _make_index([slice_sequence(one, span) for one in kept], span) for span in spans
        )


@dataclass(frozen=True)
class _Index:
    """The rows of one reference by their keys; the first of those with equal keys.

    Args:
        distinct: integers of each key, ascending.
        combined: keys of the rows, as one integer, ascending.
        places: of these rows.
    """

    distinct: tuple[Int64[np.ndarray, "_"], ...]
    combined: Int64[np.ndarray, "_"]
    places: Int64[np.ndarray, "_"]

    def find(self, keys: Items[Sequence]) -> Rows:
        combined, has_keys = _combine(self.distinct, keys)
        at = np.minimum(np.searchsorted(self.combined, combined), len(self.combined) - 1)
        return np.where(has_keys & (self.combined[at] == combined), self.places[at], -1)


def _make_index(keys: Items[Sequence], span: slice) -> _Index:
    distinct = tuple(np.unique(one.integers) for one in keys)
    combined, has_keys = _combine(distinct, keys)
    # Rows without a key are below all others; nothing finds them.
    unique, first = np.unique(np.where(has_keys, combined, -1), return_index=True)
    return _Index(distinct, unique, first + span.start)


def _combine(
    distinct: tuple[Int64[np.ndarray, "_"], ...], keys: Items[Sequence]
) -> tuple[Rows, Bool[np.ndarray, "rows"]]:
    """Return one integer for the keys of each row, and the rows whose keys are all known."""
    combined = np.zeros(len(keys[0].integers), np.int64)
    has_keys = np.ones(len(combined), bool)
    for known, key in zip(distinct, keys, strict=True):
        ranks = np.minimum(np.searchsorted(known, key.integers), len(known) - 1)
        has_keys &= known[ranks] == key.integers
        if key.live is not None:
            has_keys &= key.live
        combined = combined * len(known) + ranks
    return combined, has_keys


def hint_of(name: str) -> str:
    """Return the name of what a reference says of a sub-column, itself a sub-column."""
    return name + _HINT


def hints_of(columns: Iterable[SubColumn]) -> tuple[SubColumn, ...]:
    """Return the hints of sub-columns: integers with the same meaning, but with rows of their own.

    Args:
        columns: that are kept beside the keys.
    """
    return tuple(
        replace(column, name=hint_of(column.name), parent=None, allowed=()) for column in columns
    )
