"""One way to code a sub-column: its bits without contexts, and its model with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64, UInt8

from ae_pipeline.coding.symbols.frequencies import FREQUENCIES, counts_to_codes
from ae_pipeline.table.between.levels import neighbours
from ae_pipeline.table.between.own_signals import no_signals, set_signals
from ae_pipeline.table.bins import bins_of
from ae_pipeline.table.guesses import say, say_again
from ae_pipeline.table.model import (
    Bins,
    Dependence,
    Guess,
    Hierarchy,
    Linear,
    Neighbour,
    Previous,
    Signal,
    SubColumnModel,
    Tree,
)
from ae_pipeline.table.targets import CodingOrder, coding_order, relabelled, targets_of
from ae_pipeline.table.trees import OwnSignals, leaf_numbers, leaf_places
from ae_pipeline.table_fit.contexts.bins import inside_bits, make_bins, make_histogram
from ae_pipeline.table_fit.contexts.bits import entropy_bits, packed_bytes
from ae_pipeline.table_fit.contexts.pruning import judged_bits, prune
from ae_pipeline.table_fit.contexts.screening import Screened
from ae_pipeline.table_fit.contexts.tree import BinnedSignal, Grower
from ae_pipeline.table_fit.goal import Goal

_NO_INTEGERS = np.zeros(0, np.int64)
_NO_BINS = Bins(
    _NO_INTEGERS, _NO_INTEGERS, np.zeros(0, np.int32), _NO_INTEGERS, np.zeros(0, np.uint8)
)
_ROOT = Tree((), np.full(1, -1, np.int16), np.zeros(1, np.int64), np.zeros(1, np.int32))
_MOST_BINS = 220
_FEW_BINS = 48

Rows = Int64[np.ndarray, "_"]


@dataclass(frozen=True)
class Way:
    """How targets are made; what is coded of a row before contexts."""

    keys: tuple[str, ...] = ()
    base: Linear | None = None
    follows: bool = False
    labels: Int32[np.ndarray, "labels"] | None = None
    guesses: tuple[Guess, ...] = ()
    hierarchy: Hierarchy | None = None

    def draft(self, name: str) -> SubColumnModel:
        """Return a model without bins and contexts."""
        labels = np.zeros(0, np.int32) if self.labels is None else self.labels
        codes = np.ones((1, len(self.guesses) + 1), np.uint8)
        return SubColumnModel(
            name,
            self.keys,
            self.base,
            self.follows,
            labels,
            self.guesses,
            _NO_BINS,
            _ROOT,
            codes,
            self.hierarchy,
        )


@dataclass(frozen=True)
class Learned:
    """A model and what it costs, for the whole archive.

    Args:
        model: with bins and contexts.
        coded_bits: of all rows.
        model_bytes: of the model.
    """

    model: SubColumnModel
    coded_bits: float
    model_bytes: int

    @property
    def n_bytes(self) -> float:
        """Bytes of both."""
        return self.coded_bits / 8 + self.model_bytes


class HitTable:
    """Rows of which guesses are right."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._hits: dict[int, Bool[np.ndarray, "rows"]] = {}
        self._kept: list[Guess] = []

    def of(self, guess: Guess) -> Bool[np.ndarray, "rows"]:
        """Return the rows of a guess; made once."""
        if id(guess) not in self._hits:
            self._kept.append(guess)
            self._hits[id(guess)] = self._make(guess)
        return self._hits[id(guess)]

    def _make(self, guess: Guess) -> Bool[np.ndarray, "rows"]:
        goal, known = self._goal, self._goal.space.known
        if isinstance(guess, Neighbour):
            raise ValueError("neighbours depend on the way of coding")
        if isinstance(guess, Previous):
            said = say_again(guess, goal.integers, known, goal.sequence.live)
        else:
            said = say(guess, known)
        is_right = said.has_said & (said.integers == goal.integers)
        return is_right if goal.sequence.live is None else is_right & goal.sequence.live


class Trial:
    """A way to code a goal."""

    def __init__(self, goal: Goal, way: Way, hits: HitTable) -> None:
        self._goal, self.way, self._hits = goal, way, hits
        self.draft = way.draft(goal.column.name)

    @cached_property
    def order(self) -> CodingOrder:
        """The rows in coding order."""
        return coding_order(self.way.keys, self._goal.space.known, self._goal.sequence.live)

    @cached_property
    def targets(self) -> Int64[np.ndarray, "coded"]:
        """Targets in coding order."""
        known = self._goal.space.known
        return targets_of(self.draft, known, self.order, self._goal.integers)

    @cached_property
    def targets_by_row(self) -> Rows:
        """Targets of all rows."""
        targets = np.zeros(self._goal.space.n_rows, np.int64)
        targets[self.order.rows] = self.targets
        return targets

    @cached_property
    def guess_of_row(self) -> Int64[np.ndarray, "rows"]:
        """Number of the first guess that holds, -1 of rows without."""
        numbers = np.full(self._goal.space.n_rows, -1, np.int64)
        for number in reversed(range(len(self.way.guesses))):
            numbers[self._right(self.way.guesses[number])] = number
        return numbers

    @cached_property
    def own(self) -> OwnSignals:
        """Signals of the sub-column itself, for all rows; none without a hierarchy."""
        if self.way.hierarchy is None:
            return {}
        own = no_signals(self._goal.space.n_rows)
        rows, levels = self.order.rows, self.order.levels
        found = neighbours(self._labels[rows], levels, self.way.hierarchy.middle)
        set_signals(own, rows, found, levels)
        return own

    def _right(self, guess: Guess) -> Bool[np.ndarray, "rows"]:
        """Return the rows of which a guess is right."""
        if not isinstance(guess, Neighbour):
            return self._hits.of(guess)
        is_right = np.zeros(self._goal.space.n_rows, bool)
        said = self.own["right" if guess.is_right else "left"]
        is_right[self._goal.live] = (said == self._labels)[self._goal.live]
        return is_right

    @property
    def _labels(self) -> Rows:
        return relabelled(self.draft.labels, self._goal.integers)

    def quick_bits(self) -> float:
        """Return the bits of the archive without contexts, from some of the rows."""
        goal = self._goal
        guesses = self.guess_of_row[goal.picked]
        rest = self.targets_by_row[goal.picked[guesses < 0]]
        counts = np.bincount(guesses[guesses >= 0], minlength=len(self.way.guesses)) * goal.scale
        bits = 8.0 * way_bytes(self.way)
        if not len(rest):
            return bits + entropy_bits(counts)
        bins = make_bins(make_histogram(rest, goal.scale), _FEW_BINS)
        tokens = bins_of(bins, rest)
        by_bin = np.bincount(tokens, minlength=len(bins.low) + 1) * goal.scale
        inside = float((by_bin[:-1] * inside_bits(bins)).sum()) + 64.0 * float(by_bin[-1])
        return bits + entropy_bits(np.concatenate([counts, by_bin])) + inside

    @cached_property
    def bins(self) -> Bins:
        """Bins of the targets of all rows that no guess is right about."""
        rest = self.targets_by_row[self._goal.live[self.guess_of_row[self._goal.live] < 0]]
        return make_bins(make_histogram(rest, self._goal.space.share), _MOST_BINS)

    @property
    def n_tokens(self) -> int:
        """Guesses, bins and escape."""
        return len(self.way.guesses) + len(self.bins.low) + 1

    @cached_property
    def tokens_by_row(self) -> Int64[np.ndarray, "rows"]:
        """Token of every row; anything where there is no integer."""
        tokens = bins_of(self.bins, self.targets_by_row).astype(np.int64) + len(self.way.guesses)
        has_guess = self.guess_of_row >= 0
        tokens[has_guess] = self.guess_of_row[has_guess]
        return tokens

    def learn(self, signals: list[Screened], most_leaves: int) -> Learned:
        """Grow contexts on the picked rows, count all rows."""
        goal, tree = self._goal, _ROOT
        is_used = ~goal.is_held(goal.picked)
        if signals and is_used.any():
            tokens = self.tokens_by_row[goal.picked[is_used]]
            binned = [
                BinnedSignal(signal.binned.thresholds, signal.binned.codes[is_used])
                for signal in signals
            ]
            nodes = Grower(binned, tokens, goal.scale).grow(most_leaves)
            asked = tuple(signal.signal for signal in signals)
            tree = _used(Tree(asked, nodes.asks, nodes.thresholds, nodes.rights))
        return self._judged(tree) if goal.is_part else self._counted(tree)

    def _counted(self, tree: Tree) -> Learned:
        table = self._table(tree, self._goal.live)
        tree, table = prune(tree, table)
        return self._finished(_used(tree), table, code_bits(counts_to_codes(table), table))

    def _judged(self, tree: Tree) -> Learned:
        """Learn from most rows, judge by the others, which stand for all."""
        live = self._goal.live
        is_held = self._goal.is_held(live)
        learned, held = self._table(tree, live[~is_held]), self._table(tree, live[is_held])
        held *= (held.sum() + learned.sum()) / max(float(held.sum()), 1.0)
        learned *= held.sum() / max(float(learned.sum()), 1.0) if held.any() else 1.0
        tree, learned = prune(tree, learned, held if held.any() else learned)
        tree = _used(tree)
        held = self._table(tree, live[is_held])
        both = self._table(tree, live)
        scale = both.sum() / max(float(held.sum()), 1.0)
        bits = sum(judged_bits(row, judge) for row, judge in zip(learned, held, strict=True))
        return self._finished(
            tree, both, scale * bits if held.any() else code_bits(counts_to_codes(both), both)
        )

    def _table(self, tree: Tree, rows: Rows) -> Float64[np.ndarray, "leaves tokens"]:
        """Count the tokens of rows in each leaf, for the archive."""
        places = leaf_places(tree, self._goal.space.known, rows, self.own)
        leaves = leaf_numbers(places, len(rows))
        cells = leaves.astype(np.int64) * self.n_tokens + self.tokens_by_row[rows]
        n_leaves = int((tree.asks < 0).sum())
        counts = np.bincount(cells, minlength=n_leaves * self.n_tokens)
        return counts.reshape(n_leaves, -1) * self._goal.space.share

    def _finished(
        self, tree: Tree, table: Float64[np.ndarray, "leaves tokens"], bits: float
    ) -> Learned:
        model = replace(self.draft, bins=self.bins, tree=tree, codes=counts_to_codes(table))
        return Learned(model, bits + self._inside_bits(table), model_bytes(model))

    def _inside_bits(self, table: Float64[np.ndarray, "leaves tokens"]) -> float:
        by_bin = table.sum(axis=0)[len(self.way.guesses) :]
        return float((by_bin[:-1] * inside_bits(self.bins)).sum()) + 64.0 * float(by_bin[-1])


def code_bits(
    codes: UInt8[np.ndarray, "leaves tokens"], table: Float64[np.ndarray, "leaves tokens"]
) -> float:
    """Return the bits of counted tokens under the frequencies of their codes."""
    frequencies = FREQUENCIES[codes].astype(np.float64)
    totals = np.maximum(frequencies.sum(axis=1), 1.0)
    bits = (table.sum(axis=1) * np.log2(totals)).sum()
    return float(bits - (table * np.log2(np.maximum(frequencies, 1.0))).sum())


def _used(tree: Tree) -> Tree:
    """Drop the signals that no node asks for."""
    used = np.unique(tree.asks[tree.asks >= 0])
    number = np.full(len(tree.signals) + 1, -1, np.int16)
    number[used] = np.arange(len(used))
    signals = tuple(tree.signals[place] for place in used.tolist())
    asks = np.where(tree.asks >= 0, number[tree.asks], np.int16(-1)).astype(np.int16)
    return replace(tree, signals=signals, asks=asks)


def way_bytes(way: Way) -> int:
    """Return the bytes of predictions, labels and guesses."""
    n_bytes = 8 + sum(map(_guess_bytes, way.guesses)) + 2 * len(way.keys)
    if way.base is not None:
        n_bytes += 6 + 5 * len(way.base.terms)
    if way.hierarchy is not None:
        n_bytes += 4
    if way.labels is not None:
        n_bytes += packed_bytes(way.labels)
    return n_bytes


def _guess_bytes(guess: Guess) -> int:
    if isinstance(guess, Neighbour):
        return 1
    if isinstance(guess, Previous):
        return 2 + 2 * len(guess.keys)
    if isinstance(guess, Dependence):
        keys = packed_bytes(np.diff(guess.keys, prepend=0))
        return 6 + keys + packed_bytes(guess.values)
    return 6 + 5 * len(guess.terms)


def _signal_bytes(signal: Signal) -> int:
    if signal.kind == "rank":
        return 3 + packed_bytes(np.array(signal.numbers, np.int64))
    if signal.linear is not None:
        return 6 + 5 * len(signal.linear.terms)
    return 3 + 2 * len(signal.numbers)


def model_bytes(model: SubColumnModel) -> int:
    """Return the bytes of a model, as near as need be."""
    way = Way(
        model.keys,
        model.base,
        model.follows,
        model.labels if len(model.labels) else None,
        model.guesses,
        model.hierarchy,
    )
    bins = model.bins
    n_bytes = way_bytes(way) + sum(map(_signal_bytes, model.tree.signals))
    n_bytes += packed_bytes(np.diff(bins.low, prepend=0)) + packed_bytes(bins.high - bins.low)
    if len(bins.inside):
        n_bytes += packed_bytes(np.diff(bins.inside, prepend=0)) + packed_bytes(bins.inside_codes)
        n_bytes += packed_bytes(bins.n_inside)
    n_bytes += 2 * len(model.tree.asks) + 4
    return n_bytes + min(packed_bytes(model.codes), packed_bytes(model.codes.T))
