"""The sub-columns of one block that are known so far, of its rows and of the items of lists."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int64

from ae_pipeline.codec.archive.table.codec import MOST_ITEMS, TableCodec
from ae_pipeline.mapping import Live, Sequence, SubColumn, live_rows
from ae_pipeline.table import KnownRows
from ae_pipeline.table.references import Picks


class KnownTable:
    """Grows by one sub-column at a time; every list has a space of rows of its own.

    Args:
        table: whose sub-columns become known.
        n_rows: rows of the block.
        picks: what it follows; None without references.
    """

    def __init__(self, table: TableCodec, n_rows: int, picks: Picks | None = None) -> None:
        self._table, self._n_rows, self._picks = table, n_rows, picks
        self._columns: Mapping[str, SubColumn] = table.subcolumns
        self._spaces = {"": KnownRows(n_rows, self._columns)}
        self.sequences: dict[str, Sequence] = {}
        self._places: Int64[np.ndarray, "rows"] | None = None

    def rows_of(self, name: str) -> KnownRows:
        """Return what is known of the rows that a sub-column belongs to.

        Raises:
            ValueError: its lists have negative lengths, or too many items.
        """
        space = self._columns[name].space
        if space not in self._spaces:
            n_items = count_items(self.sequences[space])
            self._spaces[space] = KnownRows(n_items, self._columns)
        return self._spaces[space]

    def live(self, name: str) -> Live:
        """Return the rows in which a sub-column has an integer."""
        return live_rows(self._columns[name], self.sequences)

    def add(self, name: str, sequence: Sequence) -> None:
        """Take note of a sub-column."""
        self.rows_of(name).add(name, sequence)
        self.sequences[name] = sequence

    def add_hint(self, name: str) -> None:
        """Take note of what the references say of a sub-column, once their keys are known."""
        references, picks = self._table.references, self._picks
        if references is None or picks is None:
            raise ValueError("a codec without references has no hints")
        if self._places is None:
            self._places = references.follow(picks, self.sequences, self._n_rows)
        self.add(name, references.hint(self._table.hinted[name], picks, self._places))


def count_items(lengths: Sequence) -> int:
    """Return the items of all lists; ValueError if a length is negative or they are too many."""
    own = lengths.integers if lengths.live is None else lengths.integers[lengths.live]
    if len(own) and (own.min() < 0 or own.max() > MOST_ITEMS or own.sum() > MOST_ITEMS):
        raise ValueError("lengths of lists are out of range")
    return int(own.sum())
