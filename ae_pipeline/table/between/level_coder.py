"""Integers of a sub-column ↔ symbols and escapes, level by level."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, varint
from ae_pipeline.table.ans import SymbolReader, SymbolWriter
from ae_pipeline.table.between.levels import Neighbours, neighbours, predict_distances
from ae_pipeline.table.between.own_signals import no_signals, set_signals
from ae_pipeline.table.guesses import Said, say
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Guess, Hierarchy, Neighbour, Previous, SubColumnModel
from ae_pipeline.table.targets import CodingOrder, relabelled, unlabelled
from ae_pipeline.table.tokens import Coded, Places, TokenCoder, Tokens
from ae_pipeline.table.trees import OwnSignals, leaf_places

Some = Int64[np.ndarray, "some"]


class LevelCoder:
    """Writes and reads the rows of a block, the highest level first.

    Args:
        model: of the sub-column, with a hierarchy.
        hierarchy: of the model.
        tokens: coder of the model.
        known: sub-columns before it.
        order: of the rows.
    """

    def __init__(
        self,
        model: SubColumnModel,
        hierarchy: Hierarchy,
        tokens: TokenCoder,
        known: KnownRows,
        order: CodingOrder,
    ) -> None:
        self._model, self._hierarchy, self._tokens = model, hierarchy, tokens
        self._known, self._order = known, order

    def write(
        self, writer: SymbolWriter, labels: Coded, tokens: Tokens, targets: Coded
    ) -> Int64[np.ndarray, "escaped"]:
        """Write all rows; return the targets that are escaped.

        Args:
            writer: gets the symbols.
            labels: integers in coding order, relabelled.
            tokens: in coding order.
            targets: in coding order.
        """
        own = no_signals(self._known.n_rows)
        found = neighbours(labels, self._order.levels, self._hierarchy.middle)
        set_signals(own, self._order.rows, found, self._order.levels)
        escaped = [
            self._tokens.write(writer, self._leaves(places, own), tokens[places], targets[places])
            for places in self._order.levels.places()
        ]
        return np.concatenate(escaped)

    def read(self, reader: SymbolReader, escapes: EscapeReader) -> Coded:
        """Return the integers in coding order; ValueError if these are not their symbols."""
        guesses = [self._guess_in_order(guess) for guess in self._model.guesses]
        levels, own = self._order.levels, no_signals(self._known.n_rows)
        labels, offsets = np.zeros_like(self._order.rows), self._predicted()
        for places in levels.places():
            found = neighbours(labels, levels.at(places), self._hierarchy.middle)
            set_signals(own, self._order.rows[places], found, levels.at(places))
            by_token = self._tokens.read_tokens(reader, self._leaves(places, own))
            read = self._tokens.read_targets(reader, by_token)
            read[by_token[-1]] = escapes.take(len(by_token[-1]))
            if self._hierarchy.has_distances:
                read += found.mean + offsets[places]
            for number, some in enumerate(by_token[: self._tokens.n_guesses]):
                read[some] = _guessed(guesses[number], places, some, found)
            labels[places] = read
        return unlabelled(self._model.labels, labels)

    def _leaves(self, places: Some, own: OwnSignals) -> Places:
        return leaf_places(self._model.tree, self._known, self._order.rows[places], own)

    def _predicted(self) -> Coded:
        if self._model.base is None:
            return np.zeros_like(self._order.rows)
        return predict_distances(
            self._model.base, self._known, self._order.rows, self._order.levels
        )

    def _guess_in_order(self, guess: Guess) -> Said | Neighbour:
        """Return the labels that a guess says in coding order, or a neighbour as it is."""
        if isinstance(guess, Neighbour):
            return guess
        if isinstance(guess, Previous):
            raise ValueError("a repetition in a hierarchy")
        said, rows = say(guess, self._known), self._order.rows
        return Said(relabelled(self._model.labels, said.integers[rows]), said.has_said[rows])


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
        self._left = unpack_integers(content[reader.position :], n_escapes)

    def take(self, n_escapes: int) -> Int64[np.ndarray, "some"]:
        """Return the next ones; ValueError if there are fewer."""
        if n_escapes > len(self._left):
            raise ValueError("a stream of fewer escapes than rows have")
        taken, self._left = self._left[:n_escapes], self._left[n_escapes:]
        return taken

    def finish(self) -> None:
        """Raise ValueError if some are left."""
        if len(self._left):
            raise ValueError("a stream of more escapes than rows have")


def pack_escapes(escaped: Int64[np.ndarray, "escaped"]) -> bytes:
    """Pack escaped targets after how many there are: a reader needs some before it knows."""
    return varint(len(escaped)) + pack_integers(escaped)
