"""Integers of one sub-column in one block ↔ bytes, given the sub-columns before it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, prefixed
from ae_pipeline.mapping.subcolumn import Live, Sequence
from ae_pipeline.table.ans import SymbolReader, SymbolWriter
from ae_pipeline.table.between.level_coder import EscapeReader, LevelCoder, pack_escapes
from ae_pipeline.table.between.levels import are_alike
from ae_pipeline.table.guesses import rows_before, say, say_again, sources_of
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Hierarchy, Neighbour, Previous, Signal, SubColumnModel
from ae_pipeline.table.targets import (
    CodingOrder,
    Decoded,
    coding_order,
    integers_of,
    relabelled,
    targets_of,
)
from ae_pipeline.table.tokens import Coded, Places, TokenCoder, Tokens
from ae_pipeline.table.trees import leaf_places

Rows = Int64[np.ndarray, "rows"]


class SubColumnCoder:
    """Encodes and decodes blocks of a sub-column; holds what its model makes anew for no block.

    Args:
        model: of the sub-column.
    """

    def __init__(self, model: SubColumnModel) -> None:
        self.model = model
        self.needs = needs_of(model)
        self._tokens = TokenCoder(model)

    def encode(self, known: KnownRows, sequence: Sequence) -> bytes:
        """Return the stream of a block; empty if no row has an integer.

        Args:
            known: all sub-columns that it needs.
            sequence: its integers, any at all.
        """
        order = coding_order(self.model.keys, known, sequence.live)
        if not len(order.rows):
            return b""
        targets = targets_of(self.model, known, order, sequence.integers)
        tokens = self.tokens_of(known, order, sequence, targets)
        writer = SymbolWriter()
        if self.model.hierarchy is not None:
            levels = LevelCoder(self.model, self.model.hierarchy, self._tokens, known, order)
            labels = relabelled(self.model.labels, sequence.integers[order.rows])
            escaped = levels.write(writer, labels, tokens, targets)
            escapes = pack_escapes(escaped) if len(escaped) else b""
        else:
            leaves = leaf_places(self.model.tree, known, order.rows)
            escaped = self._tokens.write(writer, leaves, tokens, targets)
            escapes = pack_integers(escaped) if len(escaped) else b""
        symbols = writer.to_bytes()
        # A block in which nothing is a surprise takes no bytes at all.
        return prefixed([escapes]) + symbols if escapes or symbols else b""

    def decode(self, content: bytes, known: KnownRows, live: Live) -> Rows:
        """Invert `encode`; rows without an integer hold 0.

        Args:
            content: of a block.
            known: all sub-columns that it needs, as they were for `encode`.
            live: rows that have an integer.

        Raises:
            ValueError: this is not the stream of such rows.
        """
        order = coding_order(self.model.keys, known, live)
        if not len(order.rows):
            if content:
                raise ValueError("a stream of no rows")
            return np.zeros(known.n_rows, np.int64)
        bytes_reader = Reader(content or b"\0")
        escapes = bytes_reader.take(bytes_reader.varint())
        reader = SymbolReader(content[bytes_reader.position :])
        if self.model.hierarchy is not None:
            return self._decode_levels(self.model.hierarchy, reader, escapes, known, order)
        leaves = leaf_places(self.model.tree, known, order.rows)
        by_token = self._tokens.read_tokens(reader, leaves)
        targets = self._tokens.read_targets(reader, by_token)
        targets[by_token[-1]] = unpack_integers(escapes, len(by_token[-1]))
        reader.finish()
        return self._integers(known, live, order, by_token[: self._tokens.n_guesses], targets)

    def _decode_levels(
        self,
        hierarchy: Hierarchy,
        reader: SymbolReader,
        escapes: bytes,
        known: KnownRows,
        order: CodingOrder,
    ) -> Rows:
        levels = LevelCoder(self.model, hierarchy, self._tokens, known, order)
        escape_reader = EscapeReader(escapes, len(order.rows))
        integers = np.zeros(known.n_rows, np.int64)
        integers[order.rows] = levels.read(reader, escape_reader)
        escape_reader.finish()
        reader.finish()
        return integers

    def tokens_of(
        self, known: KnownRows, order: CodingOrder, sequence: Sequence, targets: Coded
    ) -> Tokens:
        """Return the token of each row in coding order."""
        tokens = self._tokens.bins.numbers_of(targets) + np.int32(self._tokens.n_guesses)
        for number in reversed(range(self._tokens.n_guesses)):
            guess, integers = self.model.guesses[number], sequence.integers
            if isinstance(guess, Neighbour):
                middle = self.model.hierarchy.middle if self.model.hierarchy else 0
                labels = relabelled(self.model.labels, integers[order.rows])
                is_alike = are_alike(guess, labels, order.levels, middle)
                np.copyto(tokens, np.int32(number), where=is_alike)
                continue
            if isinstance(guess, Previous):
                said = say_again(guess, integers, known, sequence.live)
            else:
                said = say(guess, known)
            is_right: Bool[np.ndarray, "rows"] = said.has_said & (said.integers == integers)
            np.copyto(tokens, np.int32(number), where=is_right[order.rows])
        return tokens

    def _integers(
        self, known: KnownRows, live: Live, order: CodingOrder, by_guess: Places, targets: Coded
    ) -> Rows:
        fixed, is_fixed = np.zeros_like(targets), np.zeros(len(targets), bool)
        is_repeated, before = np.zeros(len(targets), bool), np.arange(known.n_rows)
        for guess, places in zip(self.model.guesses, by_guess, strict=True):
            rows = order.rows[places]
            if isinstance(guess, Neighbour):
                raise ValueError("a guess of neighbours without a hierarchy")
            if isinstance(guess, Previous):
                before[rows] = rows_before(guess.keys, known, live)[rows]
                is_repeated[places] = True
            elif len(places):
                said = say(guess, known)
                if not said.has_said[rows].all():
                    raise ValueError("a guess of rows that it says nothing of")
                fixed[places], is_fixed[places] = said.integers[rows], True
        if before.min() < 0:
            raise ValueError("the first row repeats one before it")
        decoded = Decoded(targets, fixed, is_fixed, is_repeated)
        integers = np.zeros(known.n_rows, np.int64)
        integers[order.rows] = integers_of(self.model, known, order, decoded)
        return integers[_roots(before)]


def needs_of(model: SubColumnModel) -> frozenset[str]:
    """Return the names of the sub-columns that a model asks for."""
    terms = model.base.terms if model.base else ()
    needs = {*model.keys, *(term.source for term in terms)}
    needs.update(*map(sources_of, model.guesses), *map(signal_sources, model.tree.signals))
    return frozenset(needs)


def signal_sources(signal: Signal) -> frozenset[str]:
    """Return the names of the sub-columns that a signal is made of."""
    terms = signal.linear.terms if signal.linear else ()
    return frozenset(signal.sources) | {term.source for term in terms}


def _roots(before: Rows) -> Rows:
    """Follow each row to the one that it repeats, and on to one that repeats none."""
    while True:
        farther = before[before]
        if (farther == before).all():
            return before
        before = farther
