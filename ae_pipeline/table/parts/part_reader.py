"""Parts of the model of one sub-column ← numbers: predictions, signals, guesses, bins and trees.

Sub-columns are named by how far before the one that is coded they stand in the coding order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ae_pipeline.table.between.own_signals import OWN_SIGNALS
from ae_pipeline.table.limits import MOST_LEAVES, MOST_SIGNALS, MOST_TERMS
from ae_pipeline.table.model import (
    SIGNAL_KINDS,
    Bins,
    Guess,
    Linear,
    Neighbour,
    Previous,
    Relation,
    Signal,
    Term,
    Tree,
)
from ae_pipeline.table.parts.dependence import take_table
from ae_pipeline.table.parts.number_streams import NumberReader
from ae_pipeline.table.parts.part_writer import DEPENDENCE, LEFT, PREVIOUS, RELATION, RIGHT
from ae_pipeline.table.parts.runs import sums_of
from ae_pipeline.table.trees import right_children


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
        if name in OWN_SIGNALS:
            return Signal(name)
        sources = self.take_names()
        if name == "rank":
            return Signal(
                name, sources, tuple(self.numbers.take_long(self.numbers.take("sizes")).tolist())
            )
        return Signal(name, sources, self.numbers.take_tuple("cycles", 2 * (name == "cycle")))

    def take_guess(self) -> Guess:
        """Invert `PartWriter.put_guess`."""
        kind = self.numbers.take("guesses")
        if kind in (LEFT, RIGHT):
            return Neighbour(kind == RIGHT)
        if kind == PREVIOUS:
            return Previous(self.take_names())
        if kind == DEPENDENCE:
            return take_table(self.numbers, self.take_names())
        if kind != RELATION:
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
