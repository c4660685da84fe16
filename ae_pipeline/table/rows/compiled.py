"""Rows ↔ symbols with kernels: the same bytes as `PlainRows`, a symbol at a time."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Int64, UInt8, UInt32

from ae_pipeline.coding.symbols.frequencies import symbol_weights
from ae_pipeline.compiled.arrays import Model
from ae_pipeline.compiled.levels import (
    GUESS_OF_NOTHING,
    LEFT,
    OWN_KINDS,
    RIGHT,
    SAID,
    TOO_FEW_ESCAPES,
    Places,
    Targets,
    read_levels,
)
from ae_pipeline.compiled.rows import read_rows, write_rows
from ae_pipeline.compiled.symbols import Stack
from ae_pipeline.table.between.level_coder import EscapeReader
from ae_pipeline.table.between.levels import Levels, neighbours
from ae_pipeline.table.between.own_signals import own_signals
from ae_pipeline.table.between.said import guess_in_order, predict_in_order
from ae_pipeline.table.guesses import Said
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Hierarchy, SubColumnModel
from ae_pipeline.table.targets import CodingOrder
from ae_pipeline.table.tokens import Coded, Tokens
from ae_pipeline.table.trees import OwnSignals

_NO_SIGNALS: OwnSignals = {}

Signals = Int64[np.ndarray, "signals coded"]


class CompiledRows:
    """Writes and reads the rows of blocks.

    Args:
        model: of the sub-column.
    """

    def __init__(self, model: SubColumnModel) -> None:
        self._model = model

    def write(
        self, known: KnownRows, order: CodingOrder, labels: Coded, tokens: Tokens, targets: Coded
    ) -> bytes:
        """Return the symbols of all rows, as `PlainRows.write`."""
        ends, own = np.array([0, len(order.rows)]), _NO_SIGNALS
        if self._model.hierarchy is not None:
            levels, places = order.levels.by_level, order.levels.order
            found = neighbours(labels[places], levels, self._model.hierarchy.middle)
            own, ends = own_signals(found, levels), order.levels.ends
            tokens, targets, order = tokens[places], targets[places], order.by_level
        signals = self._signals(known, order, own)
        words = write_rows(self._arrays, signals, ends, tokens.astype(np.int64), targets)
        return words.astype("<u4").tobytes().rstrip(b"\0")

    def read(self, symbols: bytes, known: KnownRows, order: CodingOrder) -> tuple[Tokens, Coded]:
        """Return tokens and targets, as `PlainRows.read`."""
        stack, signals = _stack(symbols), self._signals(known, order, _NO_SIGNALS)
        tokens, targets = np.zeros_like(order.rows), np.zeros_like(order.rows)
        read_rows(stack, self._arrays, signals, tokens, targets)
        _finish(stack)
        return tokens.astype(np.int32), targets

    def read_levels(
        self, symbols: bytes, escapes: EscapeReader, known: KnownRows, order: CodingOrder
    ) -> Coded:
        """Return the labels, as `PlainRows.read_levels`."""
        if self._model.hierarchy is None:
            raise ValueError("levels without a hierarchy")
        stack, signals = _stack(symbols), self._signals(known, order.by_level, _NO_SIGNALS)
        what = self._targets(self._model.hierarchy, escapes, known, order)
        labels, places = np.zeros_like(order.rows), _places(order.levels)
        n_taken = read_levels(stack, self._arrays, places, signals, self._own_kinds, what, labels)
        if n_taken == GUESS_OF_NOTHING:
            raise ValueError("a guess of rows that it says nothing of")
        if n_taken == TOO_FEW_ESCAPES:
            raise ValueError("a stream of fewer escapes than rows have")
        escapes.take(n_taken)
        _finish(stack)
        found = np.empty_like(labels)
        found[order.levels.order] = labels
        return found

    def _signals(self, known: KnownRows, order: CodingOrder, own: OwnSignals) -> Signals:
        """Return all signals in this order, but for own ones that are not known yet."""
        signals = self._model.tree.signals
        found = np.empty((len(signals), len(order.rows)), np.int64)
        for signal, ordered in zip(signals, found, strict=True):
            if signal.kind in own:
                ordered[:] = own[signal.kind]
            elif signal.kind not in OWN_KINDS:
                order.sort_into(ordered, known.signal(signal))
        return found

    def _targets(
        self, hierarchy: Hierarchy, escapes: EscapeReader, known: KnownRows, order: CodingOrder
    ) -> Targets:
        n_guesses, n_rows = len(self._model.guesses), len(order.rows)
        kinds = np.full(n_guesses, SAID)
        said = np.zeros((n_guesses, n_rows), np.int64)
        has_said = np.zeros((n_guesses, n_rows), bool)
        for number, guess in enumerate(self._model.guesses):
            found = guess_in_order(self._model, guess, known, order.by_level)
            if isinstance(found, Said):
                said[number], has_said[number] = found.integers, found.has_said
            else:
                kinds[number] = RIGHT if found.is_right else LEFT
        predicted = predict_in_order(self._model, known, order)[order.levels.order]
        has_distances = int(hierarchy.has_distances)
        left = escapes.left.copy()
        return Targets(hierarchy.middle, has_distances, predicted, kinds, said, has_said, left)

    @cached_property
    def _own_kinds(self) -> Int64[np.ndarray, "own 2"]:
        """Number and kind of each signal of the sub-column itself."""
        signals = enumerate(self._model.tree.signals)
        own = [(n, OWN_KINDS[signal.kind]) for n, signal in signals if signal.kind in OWN_KINDS]
        return np.array(own, np.int64).reshape(-1, 2)

    @cached_property
    def _arrays(self) -> Model:
        tree, bins = self._model.tree, self._model.bins
        tables = [_lefts(codes) for codes in self._model.codes]
        ends = np.concatenate([[0], np.cumsum(bins.n_inside, dtype=np.int64)])
        lists = [
            _lefts(bins.inside_codes[start:end]) for start, end in pairwise(ends) if end > start
        ]
        return Model(
            asks=tree.asks.astype(np.int64),
            thresholds=tree.thresholds.copy(),
            rights=tree.rights.astype(np.int64),
            leaves=np.cumsum(tree.asks < 0) - 1,
            token_lefts=np.array(tables, np.uint32),
            n_guesses=len(self._model.guesses),
            lows=bins.low.copy(),
            lasts=(bins.high - bins.low).view(np.uint64),
            list_ends=ends,
            listed=bins.inside.copy(),
            listed_lefts=np.concatenate([np.zeros(0, np.uint32), *lists]),
        )


def _lefts(codes: UInt8[np.ndarray, "symbols"]) -> UInt32[np.ndarray, "symbols"]:
    """Return what lies left of each symbol of a table."""
    # With 1 more each, weights add up to 2^24; a table of one symbol has nothing to code.
    weights = symbol_weights(codes) + 1
    return (np.cumsum(weights) - weights).astype(np.uint32)


def _places(levels: Levels) -> Places:
    found = levels.by_level
    sides = (found.left, found.right, found.far_left, found.far_right)
    return Places(levels.ends, found.level, *sides)


def _stack(symbols: bytes) -> Stack:
    if symbols.endswith(b"\0"):
        raise ValueError("stream of symbols ends in a zero")
    words = np.frombuffer(symbols + bytes(-len(symbols) % 4), "<u4").astype(np.uint32)
    return Stack(words, np.zeros(1, np.uint64), np.array([len(words)]))


def _finish(stack: Stack) -> None:
    if stack.state[0] or stack.n_left[0]:
        raise ValueError("stream of symbols does not end where it should")
