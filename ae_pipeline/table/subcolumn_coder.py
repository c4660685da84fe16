"""Integers of one sub-column in one block ↔ bytes, given the sub-columns before it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from constriction import stream
from jaxtyping import Bool, Int32, Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, prefixed
from ae_pipeline.mapping.subcolumn import Live, Sequence
from ae_pipeline.table.ans import SymbolReader, SymbolWriter
from ae_pipeline.table.bins import BinTables
from ae_pipeline.table.frequencies import symbol_model
from ae_pipeline.table.guesses import rows_before, say, say_again, sources_of
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Previous, Signal, SubColumnModel
from ae_pipeline.table.targets import CodingOrder, Decoded, coding_order, integers_of, targets_of
from ae_pipeline.table.trees import leaf_places

Rows = Int64[np.ndarray, "rows"]
Coded = Int64[np.ndarray, "coded"]
Tokens = Int32[np.ndarray, "coded"]
Places = list[Int64[np.ndarray, "_"]]


class SubColumnCoder:
    """Encodes and decodes blocks of a sub-column; holds what its model makes anew for no block.

    Args:
        model: of the sub-column.
    """

    def __init__(self, model: SubColumnModel) -> None:
        self.model = model
        self.needs = needs_of(model)
        self.bins = BinTables(model.bins)
        self._models: dict[int, stream.model.Categorical] = {}

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
        for leaf, places in enumerate(leaf_places(self.model.tree, known, order.rows)):
            if len(places) and self._n_tokens > 1:
                writer.put(tokens[places], self._model(leaf))
        *by_bin, escaped = self._by_token(tokens)[self._n_guesses :]
        for number, places in enumerate(by_bin):
            if len(places):
                self.bins.write(writer, number, targets[places])
        symbols = writer.to_bytes()
        # A block in which nothing is a surprise takes no bytes at all.
        if not len(escaped):
            return b"\0" + symbols if symbols else b""
        return prefixed([pack_integers(targets[escaped])]) + symbols

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
        tokens = self._read_tokens(reader, leaf_places(self.model.tree, known, order.rows))
        by_token = self._by_token(tokens)
        targets = self._read_targets(reader, by_token[self._n_guesses :], escapes, len(tokens))
        reader.finish()
        return self._integers(known, live, order, by_token[: self._n_guesses], targets)

    def tokens_of(
        self, known: KnownRows, order: CodingOrder, sequence: Sequence, targets: Coded
    ) -> Tokens:
        """Return the token of each row in coding order."""
        tokens = self.bins.numbers_of(targets) + np.int32(self._n_guesses)
        for number in reversed(range(self._n_guesses)):
            guess, integers = self.model.guesses[number], sequence.integers
            if isinstance(guess, Previous):
                said = say_again(guess, integers, known, sequence.live)
            else:
                said = say(guess, known)
            is_right: Bool[np.ndarray, "rows"] = said.has_said & (said.integers == integers)
            np.copyto(tokens, np.int32(number), where=is_right[order.rows])
        return tokens

    @property
    def _n_guesses(self) -> int:
        return len(self.model.guesses)

    @cached_property
    def _n_tokens(self) -> int:
        return self._n_guesses + self.bins.n_bins + 1

    def _model(self, leaf: int) -> stream.model.Categorical:
        if leaf not in self._models:
            self._models[leaf] = symbol_model(self.model.codes[leaf])
        return self._models[leaf]

    def _by_token(self, tokens: Tokens) -> Places:
        """Return the places of each token, ascending."""
        # Integers of 16 bits are sorted in linear time.
        order = np.argsort(tokens.astype(np.uint16), kind="stable")
        counts = np.bincount(tokens, minlength=self._n_tokens)
        return np.split(order, np.cumsum(counts)[:-1])

    def _read_tokens(self, reader: SymbolReader, leaves: Places) -> Tokens:
        tokens = np.zeros(sum(map(len, leaves)), np.int32)
        for leaf, places in enumerate(leaves):
            if len(places) and self._n_tokens > 1:
                tokens[places] = reader.take(len(places), self._model(leaf))
        return tokens

    def _read_targets(
        self, reader: SymbolReader, by_bin: Places, escapes: bytes, n_targets: int
    ) -> Coded:
        targets = np.zeros(n_targets, np.int64)
        for number, places in enumerate(by_bin[:-1]):
            if len(places):
                targets[places] = self.bins.read(reader, number, len(places))
        targets[by_bin[-1]] = unpack_integers(escapes, len(by_bin[-1]))
        return targets

    def _integers(
        self, known: KnownRows, live: Live, order: CodingOrder, by_guess: Places, targets: Coded
    ) -> Rows:
        fixed, is_fixed = np.zeros_like(targets), np.zeros(len(targets), bool)
        is_repeated, before = np.zeros(len(targets), bool), np.arange(known.n_rows)
        for guess, places in zip(self.model.guesses, by_guess, strict=True):
            rows = order.rows[places]
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
