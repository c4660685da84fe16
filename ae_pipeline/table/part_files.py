"""Predictions, signals, guesses, bins and trees ↔ numbers.

Sub-columns are named by how far before the one that is coded they stand in the coding order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int64, Shaped

from ae_pipeline.table.limits import MOST_LEAVES, MOST_SIGNALS, MOST_TERMS
from ae_pipeline.table.model import (
    Bins,
    Dependence,
    Guess,
    Linear,
    Previous,
    Relation,
    Signal,
    SignalKind,
    Term,
    Tree,
)
from ae_pipeline.table.number_streams import NumberReader, NumberWriter
from ae_pipeline.table.trees import right_children

SIGNAL_KINDS: tuple[SignalKind, ...] = (
    "value",
    "lag",
    "cycle",
    "rank",
    "since",
    "till",
    "linear",
    "first",
)
_RELATION, _DEPENDENCE, _PREVIOUS = range(3)
_KEY_BITS = 20


class PartWriter:
    """Puts parts of the model of one sub-column.

    Args:
        numbers: where they go.
        place: of the sub-column in the coding order.
        places: of all sub-columns by name.
    """

    def __init__(self, numbers: NumberWriter, place: int, places: Mapping[str, int]) -> None:
        self.numbers = numbers
        self._place, self._places = place, places

    def put_names(self, names: Sequence[str]) -> None:
        """Append sub-columns after how many there are."""
        self.numbers.put("counts", len(names))
        self.numbers.put("names", *(self._place - self._places[name] for name in names))

    def put_linear(self, linear: Linear) -> None:
        """Append a prediction."""
        self.numbers.put("shifts", linear.shift)
        self.numbers.put("constants", linear.bias)
        self._put_terms(linear.terms)

    def put_signal(self, signal: Signal) -> None:
        """Append a signal."""
        self.numbers.put("signals", SIGNAL_KINDS.index(signal.kind))
        if signal.linear is not None:
            self.put_linear(signal.linear)
            return
        self.put_names(signal.sources)
        if signal.kind == "rank":
            self.numbers.put("sizes", len(signal.numbers))
            self.numbers.put_long(np.array(signal.numbers, np.int64))
        else:
            self.numbers.put("cycles", *signal.numbers)

    def put_guess(self, guess: Guess) -> None:
        """Append a guess."""
        if isinstance(guess, Previous):
            self.numbers.put("guesses", _PREVIOUS)
            self.put_names(guess.keys)
        elif isinstance(guess, Dependence):
            self.numbers.put("guesses", _DEPENDENCE)
            self.put_names(guess.sources)
            self._put_table(guess)
        else:
            self.numbers.put("guesses", _RELATION)
            self.numbers.put("constants", guess.constant, guess.divisor, guess.start, guess.period)
            self._put_terms(guess.terms)

    def put_bins(self, bins: Bins) -> None:
        """Append bins; each begins where the one before ends, or so much later."""
        self.numbers.put("sizes", len(bins.low))
        ends = np.concatenate([[0], bins.high[:-1] + 1]) if len(bins.low) else bins.high
        self.numbers.put_array("gaps", bins.low - ends)
        self.numbers.put_array("widths", bins.high - bins.low)
        self.numbers.put_array("listed", bins.n_inside)
        lows = np.repeat(bins.low, bins.n_inside)
        self.numbers.put_array("inside", steps_of(bins.inside - lows, bins.n_inside))
        self.numbers.put_array("inside_codes", bins.inside_codes)

    def put_tree(self, tree: Tree) -> None:
        """Append a tree."""
        self.numbers.put("sizes", len(tree.signals))
        for signal in tree.signals:
            self.put_signal(signal)
        self.numbers.put_array("asks", tree.asks)
        self.numbers.put_array("thresholds", tree.thresholds[tree.asks >= 0])

    def _put_terms(self, terms: tuple[Term, ...]) -> None:
        self.put_names([term.source for term in terms])
        self.numbers.put("weights", *(term.weight for term in terms))
        self.numbers.put("lags", *(term.is_lag for term in terms))
        self.numbers.put("fills", *(term.fill for term in terms))

    def _put_table(self, table: Dependence) -> None:
        self.numbers.put("sizes", len(table.keys))
        first = table.keys
        if len(table.sources) == 2:
            first = table.keys >> np.int64(_KEY_BITS)
            seconds = table.keys & np.int64((1 << _KEY_BITS) - 1)
            _, counts = np.unique(first, return_counts=True)
            self.numbers.put_long(steps_of(seconds, counts))
        self.numbers.put_long(np.diff(first, prepend=0))
        self.numbers.put_long(table.values)


class PartReader:
    """Takes what `PartWriter` put; every method raises ValueError for anything else.

    Args:
        numbers: where it is.
        place: of the sub-column in the coding order.
        names: of all sub-columns in that order.
    """

    def __init__(self, numbers: NumberReader, place: int, names: Sequence[str]) -> None:
        self.numbers = numbers
        self._place, self._names = place, names

    def take_names(self) -> tuple[str, ...]:
        """Invert `PartWriter.put_names`."""
        steps = self.numbers.take_tuple("names", self.numbers.take("counts"))
        if any(not 0 < step <= self._place for step in steps):
            raise ValueError("a model asks for a sub-column that is not before its own")
        return tuple(self._names[self._place - step] for step in steps)

    def take_linear(self) -> Linear:
        """Invert `PartWriter.put_linear`."""
        shift, bias = self.numbers.take("shifts"), self.numbers.take("constants")
        return Linear(bias, shift, self._take_terms())

    def take_signal(self) -> Signal:
        """Invert `PartWriter.put_signal`."""
        kind = self.numbers.take("signals")
        if not 0 <= kind < len(SIGNAL_KINDS):
            raise ValueError(f"signal of kind {kind}")
        name = SIGNAL_KINDS[kind]
        if name == "linear":
            return Signal(name, linear=self.take_linear())
        sources = self.take_names()
        if name == "rank":
            return Signal(
                name, sources, tuple(self.numbers.take_long(self.numbers.take("sizes")).tolist())
            )
        return Signal(name, sources, self.numbers.take_tuple("cycles", 2 * (name == "cycle")))

    def take_guess(self) -> Guess:
        """Invert `PartWriter.put_guess`."""
        kind = self.numbers.take("guesses")
        if kind == _PREVIOUS:
            return Previous(self.take_names())
        if kind == _DEPENDENCE:
            return self._take_table(self.take_names())
        if kind != _RELATION:
            raise ValueError(f"guess of kind {kind}")
        constant, divisor, start, period = self.numbers.take_tuple("constants", 4)
        return Relation(constant, divisor, self._take_terms(), start, period)

    def take_bins(self) -> Bins:
        """Invert `PartWriter.put_bins`."""
        n_bins = self.numbers.take("sizes")
        gaps = self.numbers.take_array("gaps", n_bins)
        widths = self.numbers.take_array("widths", n_bins)
        # Sums of gaps and widths modulo 2^64: whoever checks the bins sees if they wrapped.
        low = np.cumsum(gaps + np.concatenate([[0], widths[:-1] + 1])[:n_bins])
        n_inside = self.numbers.take_narrow("listed", n_bins, np.int32)
        if n_bins and n_inside.min() < 0:
            raise ValueError("a bin lists fewer integers than none")
        n_listed = int(n_inside.sum(dtype=np.int64))
        steps = self.numbers.take_array("inside", n_listed)
        codes = self.numbers.take_narrow("inside_codes", n_listed, np.uint8)
        inside = sums_of(steps, n_inside) + np.repeat(low, n_inside)
        return Bins(low, low + widths, n_inside, inside, codes)

    def take_tree(self) -> Tree:
        """Invert `PartWriter.put_tree`; the nodes that are left end with the tree's last leaf."""
        n_signals = self.numbers.take("sizes")
        if not 0 <= n_signals <= MOST_SIGNALS:
            raise ValueError(f"a tree that asks for {n_signals} signals")
        signals = tuple(self.take_signal() for _ in range(n_signals))
        asks: list[int] = []
        n_open = 1
        while n_open:
            if len(asks) >= 2 * MOST_LEAVES:
                raise ValueError(f"a tree of more than {MOST_LEAVES} leaves")
            asks.append(self.numbers.take("asks"))
            n_open += 1 if asks[-1] >= 0 else -1
        nodes = np.array(asks, np.int64)
        if nodes.min() < -1 or nodes.max() >= max(n_signals, 1):
            raise ValueError("a node asks for a signal that its tree does not have")
        thresholds = np.zeros(len(asks), np.int64)
        n_asking = int((nodes >= 0).sum())
        thresholds[nodes >= 0] = self.numbers.take_array("thresholds", n_asking)
        rights = np.array(right_children(asks), np.int32)
        return Tree(signals, nodes.astype(np.int16), thresholds, rights)

    def _take_terms(self) -> tuple[Term, ...]:
        names = self.take_names()
        if len(names) > MOST_TERMS:
            raise ValueError(f"{len(names)} terms in a sum")
        weights = self.numbers.take_tuple("weights", len(names))
        lags = self.numbers.take_tuple("lags", len(names))
        fills = self.numbers.take_tuple("fills", len(names))
        if not set(lags) <= {0, 1}:
            raise ValueError("a term of another row than this and the one before")
        parts = zip(names, weights, map(bool, lags), fills, strict=True)
        return tuple(Term(*part) for part in parts)

    def _take_table(self, sources: tuple[str, ...]) -> Dependence:
        n_entries = self.numbers.take("sizes")
        steps = self.numbers.take_long(n_entries) if len(sources) == 2 else None
        keys = np.cumsum(self.numbers.take_long(n_entries))
        if steps is not None:
            if n_entries and (np.diff(keys) < 0).any():
                raise ValueError("keys of a table do not ascend")
            _, counts = np.unique(keys, return_counts=True)
            keys = (keys << np.int64(_KEY_BITS)) + sums_of(steps, counts)
        return Dependence(sources, keys, self.numbers.take_long(n_entries))


def steps_of(
    numbers: Int64[np.ndarray, "numbers"], counts: Shaped[np.ndarray, "runs"]
) -> Int64[np.ndarray, "numbers"]:
    """Return the first number of each run, and the steps from one to the next."""
    steps = np.diff(numbers, prepend=0)
    starts = (np.cumsum(counts) - counts)[counts > 0]
    steps[starts] = numbers[starts]
    return steps


def sums_of(
    steps: Int64[np.ndarray, "numbers"], counts: Shaped[np.ndarray, "runs"]
) -> Int64[np.ndarray, "numbers"]:
    """Invert `steps_of`, modulo 2^64."""
    sums = np.cumsum(steps)
    starts = (np.cumsum(counts) - counts)[counts > 0]
    return sums - np.repeat((sums - steps)[starts], counts[counts > 0])
