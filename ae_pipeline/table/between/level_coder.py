"""Labels of a sub-column ↔ symbols and escapes, level by level."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.symbols.ans import SymbolReader, SymbolWriter
from ae_pipeline.coding.varint import Reader, varint
from ae_pipeline.table.between.levels import Neighbours, neighbours
from ae_pipeline.table.between.own_signals import no_signals, set_signals
from ae_pipeline.table.between.said import guess_in_order, predict_in_order
from ae_pipeline.table.guesses import Said
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Hierarchy, Neighbour, SubColumnModel
from ae_pipeline.table.targets import CodingOrder
from ae_pipeline.table.tokens import Coded, TokenCoder, Tokens, grouped
from ae_pipeline.table.trees import TreeWalk, signals_of

Some = Int64[np.ndarray, "some"]


class LevelCoder:
    """Writes and reads the rows of a block, the highest level first.

    Args:
        model: of the sub-column, with a hierarchy.
        hierarchy: of the model.
        tokens: coder of the model.
        walk: over its tree.
        known: sub-columns before it.
        order: of the rows.
    """

    def __init__(
        self,
        model: SubColumnModel,
        hierarchy: Hierarchy,
        tokens: TokenCoder,
        walk: TreeWalk,
        known: KnownRows,
        order: CodingOrder,
    ) -> None:
        self._model, self._hierarchy, self._tokens = model, hierarchy, tokens
        self._known, self._order = known, order
        self._own = no_signals(known.n_rows)
        self._walk, self._signals = walk, signals_of(model.tree, known, self._own)

    def write(self, writer: SymbolWriter, labels: Coded, tokens: Tokens, targets: Coded) -> None:
        """Write all rows.

        Args:
            writer: gets the symbols.
            labels: integers in coding order, relabelled.
            tokens: in coding order.
            targets: in coding order.
        """
        levels = self._order.levels
        found = neighbours(labels, levels, self._hierarchy.middle)
        set_signals(self._own, self._order.rows, found, levels)
        # Everything is known, so the leaves of all levels are found at once.
        leaves = self._walk.leaves(self._signals, self._order.rows)[levels.order]
        for start, end in pairwise(levels.ends.tolist()):
            places = levels.order[start:end]
            by_leaf = grouped(leaves[start:end], self._walk.n_leaves)
            self._tokens.write(writer, by_leaf, tokens[places], targets[places])

    def read(self, reader: SymbolReader, escapes: EscapeReader) -> Coded:
        """Return the labels in coding order; ValueError if these are not their symbols."""
        guesses = [
            guess_in_order(self._model, guess, self._known, self._order)
            for guess in self._model.guesses
        ]
        labels = np.zeros_like(self._order.rows)
        predicted = predict_in_order(self._model, self._known, self._order)
        for places in self._order.levels.places():
            at, rows = self._order.levels.at(places), self._order.rows[places]
            found = neighbours(labels, at, self._hierarchy.middle)
            set_signals(self._own, rows, found, at)
            by_leaf = grouped(self._walk.leaves(self._signals, rows), self._walk.n_leaves)
            tokens, read = self._tokens.read(reader, by_leaf, len(places))
            escaped = np.flatnonzero(tokens == self._tokens.escape)
            read[escaped] = escapes.take(len(escaped))
            if self._hierarchy.has_distances:
                read += found.mean + predicted[places]
            for number, guess in enumerate(guesses):
                some = np.flatnonzero(tokens == number)
                read[some] = _guessed(guess, places, some, found)
            labels[places] = read
        return labels


def _guessed(
    guess: Said | Neighbour, places: Some, some: Int64[np.ndarray, "guessed"], found: Neighbours
) -> Int64[np.ndarray, "guessed"]:
    """Return the labels of some of the rows of a level; ValueError if a guess says nothing."""
    if isinstance(guess, Neighbour):
        return found.of(guess)[some]
    if not guess.has_said[places[some]].all():
        raise ValueError("a guess of rows that it says nothing of")
    return guess.integers[places[some]]


class EscapeReader:
    """Takes escaped targets, as many at a time as a level has.

    Args:
        content: packed by `pack_escapes`.
        n_rows: that there may be.

    Raises:
        ValueError: this is no such stream.
    """

    def __init__(self, content: bytes, n_rows: int) -> None:
        reader = Reader(content or b"\0")
        n_escapes = reader.varint()
        if n_escapes > n_rows or bool(content) != bool(n_escapes):
            raise ValueError(f"{n_escapes} escapes in {n_rows} rows")
        self.left = unpack_integers(content[reader.position :], n_escapes)

    def take(self, n_escapes: int) -> Int64[np.ndarray, "some"]:
        """Return the next ones; ValueError if there are fewer."""
        if n_escapes > len(self.left):
            raise ValueError("a stream of fewer escapes than rows have")
        taken, self.left = self.left[:n_escapes], self.left[n_escapes:]
        return taken

    def finish(self) -> None:
        """Raise ValueError if some are left."""
        if len(self.left):
            raise ValueError("a stream of more escapes than rows have")


def pack_escapes(escaped: Int64[np.ndarray, "escaped"]) -> bytes:
    """Pack escaped targets after how many there are: a reader needs some before it knows."""
    return varint(len(escaped)) + pack_integers(escaped)
