"""Parts of the model of one sub-column → numbers: predictions, signals, guesses, bins and trees.

Sub-columns are named by how far before the one that is coded they stand in the coding order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ae_pipeline.table.between.own_signals import OWN_SIGNALS
from ae_pipeline.table.model import (
    SIGNAL_KINDS,
    Bins,
    Dependence,
    Guess,
    Linear,
    Neighbour,
    Previous,
    Signal,
    Term,
    Tree,
)
from ae_pipeline.table.parts.dependence import put_table
from ae_pipeline.table.parts.number_streams import NumberWriter
from ae_pipeline.table.parts.runs import steps_of

#: Kinds of guesses.
RELATION, DEPENDENCE, PREVIOUS, LEFT, RIGHT = range(5)


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
        if signal.kind in OWN_SIGNALS:
            return
        self.put_names(signal.sources)
        if signal.kind == "rank":
            self.numbers.put("sizes", len(signal.numbers))
            self.numbers.put_long(np.array(signal.numbers, np.int64))
        else:
            self.numbers.put("cycles", *signal.numbers)

    def put_guess(self, guess: Guess) -> None:
        """Append a guess."""
        if isinstance(guess, Neighbour):
            self.numbers.put("guesses", RIGHT if guess.is_right else LEFT)
        elif isinstance(guess, Previous):
            self.numbers.put("guesses", PREVIOUS)
            self.put_names(guess.keys)
        elif isinstance(guess, Dependence):
            self.numbers.put("guesses", DEPENDENCE)
            self.put_names(guess.sources)
            put_table(self.numbers, guess)
        else:
            self.numbers.put("guesses", RELATION)
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
