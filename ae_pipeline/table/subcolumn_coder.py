"""Integers of one sub-column in one block ↔ bytes, given the sub-columns before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, prefixed
from ae_pipeline.compiled import give_up, kernels_pay
from ae_pipeline.mapping.subcolumn import Live, Sequence
from ae_pipeline.table.between.level_coder import EscapeReader, pack_escapes
from ae_pipeline.table.between.levels import are_alike
from ae_pipeline.table.guesses import rows_before, say, say_again, sources_of
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Neighbour, Previous, Signal, SubColumnModel
from ae_pipeline.table.rows.plain import PlainRows
from ae_pipeline.table.targets import (
    CodingOrder,
    Decoded,
    coding_order,
    integers_of,
    relabelled,
    targets_of,
    unlabelled,
)
from ae_pipeline.table.tokens import Coded, TokenCoder, Tokens

if TYPE_CHECKING:
    from ae_pipeline.table.rows.compiled import CompiledRows

#: Signals of all rows of a block that kernels take at most; those of more are looked at in turn.
_MOST_SIGNALS = 1 << 24

Rows = Int64[np.ndarray, "rows"]
Acted = TypeVar("Acted")


class SubColumnCoder:
    """Encodes and decodes blocks of a sub-column; holds what its model makes anew for no block.

    Args:
        model: of the sub-column.
        is_compiled: whether kernels code it, with the same bytes; None for once they pay.
    """

    def __init__(self, model: SubColumnModel, is_compiled: bool | None = None) -> None:
        self.model, self._is_compiled = model, is_compiled
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
        labels = relabelled(self.model.labels, sequence.integers[order.rows])
        targets = targets_of(self.model, known, order, sequence.integers)
        tokens = self.tokens_of(known, order, sequence, labels, targets)
        symbols = self._act(
            "rows.write_rows",
            order,
            lambda rows: rows.write(known, order, labels, tokens, targets),
        )
        escapes = self._pack_escapes(order, tokens, targets)
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
        symbols = content[bytes_reader.position :]
        if self.model.hierarchy is not None:
            return self._decode_levels(symbols, escapes, known, order)
        tokens, targets = self._act(
            "rows.read_rows", order, lambda rows: rows.read(symbols, known, order)
        )
        escaped = np.flatnonzero(tokens == self._tokens.escape)
        targets[escaped] = unpack_integers(escapes, len(escaped))
        return self._integers(known, live, order, tokens, targets)

    def _decode_levels(
        self, symbols: bytes, escapes: bytes, known: KnownRows, order: CodingOrder
    ) -> Rows:
        escape_reader = EscapeReader(escapes, len(order.rows))
        labels = self._act(
            "levels.read_levels",
            order,
            lambda rows: rows.read_levels(symbols, escape_reader, known, order),
        )
        escape_reader.finish()
        integers = np.zeros(known.n_rows, np.int64)
        integers[order.rows] = unlabelled(self.model.labels, labels)
        return integers

    def _act(
        self, kernel: str, order: CodingOrder, act: Callable[[PlainRows | CompiledRows], Acted]
    ) -> Acted:
        """Do something with a kernel if it pays, and without it if it cannot be compiled."""
        rows = self._rows(kernel, order)
        if rows is self._plain or self._is_compiled:
            return act(rows)
        try:
            return act(rows)
        except ValueError:
            raise
        except Exception as error:  # Numba lets errors of its files and its compiler through
            give_up(error)
            return act(self._plain)

    def _rows(self, kernel: str, order: CodingOrder) -> PlainRows | CompiledRows:
        is_compiled = kernels_pay(kernel) if self._is_compiled is None else self._is_compiled
        n_signals = len(order.rows) * len(self.model.tree.signals)
        return self._compiled if is_compiled and n_signals <= _MOST_SIGNALS else self._plain

    @cached_property
    def _plain(self) -> PlainRows:
        return PlainRows(self.model, self._tokens)

    @cached_property
    def _compiled(self) -> CompiledRows:
        # Numba is imported late: it may be missing, and takes its time.
        from ae_pipeline.table.rows.compiled import CompiledRows  # noqa: PLC0415

        return CompiledRows(self.model)

    def _pack_escapes(self, order: CodingOrder, tokens: Tokens, targets: Coded) -> bytes:
        is_escaped = tokens == self._tokens.escape
        if not is_escaped.any():
            return b""
        if self.model.hierarchy is None:
            return pack_integers(targets[is_escaped])
        places = order.levels.order
        return pack_escapes(targets[places][is_escaped[places]])

    def tokens_of(
        self,
        known: KnownRows,
        order: CodingOrder,
        sequence: Sequence,
        labels: Coded,
        targets: Coded,
    ) -> Tokens:
        """Return the token of each row in coding order."""
        tokens = self._tokens.bins.numbers_of(targets) + np.int32(self._tokens.n_guesses)
        for number in reversed(range(self._tokens.n_guesses)):
            guess, integers = self.model.guesses[number], sequence.integers
            if isinstance(guess, Neighbour):
                middle = self.model.hierarchy.middle if self.model.hierarchy else 0
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
        self, known: KnownRows, live: Live, order: CodingOrder, tokens: Tokens, targets: Coded
    ) -> Rows:
        fixed, is_fixed = np.zeros_like(targets), np.zeros(len(targets), bool)
        is_repeated, before = np.zeros(len(targets), bool), None
        for number, guess in enumerate(self.model.guesses):
            places = np.flatnonzero(tokens == number)
            rows = order.rows[places]
            if isinstance(guess, Neighbour):
                raise ValueError("a guess of neighbours without a hierarchy")
            if not len(places):
                continue
            if isinstance(guess, Previous):
                before = np.arange(known.n_rows) if before is None else before
                before[rows] = rows_before(guess.keys, known, live)[rows]
                is_repeated[places] = True
            else:
                said = say(guess, known)
                if not said.has_said[rows].all():
                    raise ValueError("a guess of rows that it says nothing of")
                fixed[places], is_fixed[places] = said.integers[rows], True
        decoded = Decoded(targets, fixed, is_fixed, is_repeated)
        integers = np.zeros(known.n_rows, np.int64)
        integers[order.rows] = integers_of(self.model, known, order, decoded)
        return integers if before is None else integers[_roots(before)]


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
    if before.min() < 0:
        raise ValueError("the first row repeats one before it")
    while True:
        farther = before[before]
        if (farther == before).all():
            return before
        before = farther
