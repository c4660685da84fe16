"""The sub-columns known so far of one space of rows, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.model import Linear, Signal, SignalKind, Term
from ae_pipeline.table.row_order import RowOrder, order_rows

#: Signals of so many bytes are kept; older ones are computed again.
_MOST_BYTES = 1 << 28
#: Orders that are kept.
_MOST_ORDERS = 16
#: Other things that are kept.
_MOST_MADE = 4
#: Of more rows, one is kept.
_MANY_ROWS = 1 << 20
#: Runs of equal values count as at most so long.
MOST_DISTANCE = 31

Rows = Int64[np.ndarray, "rows"]
Made = TypeVar("Made")


class KnownRows:
    """Integers of some rows, by sub-column, as far as they are known.

    Args:
        n_rows: of the space.
        columns: meaning of sub-columns by name; cycles look at it.
        starts: first row of each run, ascending from 0; a block is one run.
    """

    def __init__(
        self,
        n_rows: int,
        columns: Mapping[str, SubColumn],
        starts: Int64[np.ndarray, "runs"] | None = None,
    ) -> None:
        self.n_rows = n_rows
        self.columns = columns
        self.is_start: Bool[np.ndarray, "rows"] = np.zeros(n_rows, bool)
        self.is_start[:1] = True
        if starts is not None:
            self.is_start[starts[starts < n_rows]] = True
        self._starts = np.flatnonzero(self.is_start)
        self._sequences: dict[str, Sequence] = {}
        self._signals: dict[Signal, Rows] = {}
        self._orders: dict[tuple[str, ...], RowOrder] = {}
        self._made: dict[Hashable, object] = {}

    def add(self, name: str, sequence: Sequence) -> None:
        """Make a sub-column known; ValueError if it does not have one integer per row."""
        if len(sequence.integers) != self.n_rows:
            raise ValueError(f"{len(sequence.integers)} integers of {name!r} in {self.n_rows} rows")
        self._sequences[name] = sequence

    def __getitem__(self, name: str) -> Sequence:
        """Return a known sub-column; ValueError if it is not known."""
        if name not in self._sequences:
            raise ValueError(f"sub-column {name!r} is not known")
        return self._sequences[name]

    def __contains__(self, name: str) -> bool:
        """Whether a sub-column is known."""
        return name in self._sequences

    def signal(self, signal: Signal) -> Rows:
        """Return the integer of each row that a signal stands for; nobody may change it."""
        found = self._signals.get(signal)
        if found is None:
            while len(self._signals) * 8 * self.n_rows > _MOST_BYTES:
                self._signals.pop(next(iter(self._signals)))
            found = self._signals[signal] = _SIGNALS[signal.kind](self, signal)
        return found

    def value(self, name: str) -> Rows:
        """Return the signal of kind `value`."""
        return self.signal(Signal("value", (name,)))

    def term(self, term: Term) -> Rows:
        """Return the integers that a term multiplies."""
        sequence = self[term.source]
        integers = sequence.integers
        if sequence.live is not None:
            integers = np.where(sequence.live, integers, term.fill)
        return self._lagged(integers) if term.is_lag else integers

    def weighted(self, bias: int, terms: tuple[Term, ...]) -> Rows:
        """Return `bias + sum(weight * term)` of each row, modulo 2^64."""
        total = np.full(self.n_rows, bias)
        for term in terms:
            total += self.term(term) * np.int64(term.weight)
        return total

    def linear(self, linear: Linear) -> Rows:
        """Return the prediction of each row."""
        half = np.int64(1 << linear.shift >> 1)
        return (self.weighted(linear.bias, linear.terms) + half) >> np.int64(linear.shift)

    def order(self, keys: tuple[str, ...]) -> RowOrder:
        """Return the rows sorted by the signal values of sub-columns."""
        if keys not in self._orders:
            if len(self._orders) >= _MOST_ORDERS:
                self._orders.pop(next(iter(self._orders)))
            self._orders[keys] = order_rows([self.value(key) for key in keys], self.is_start)
        return self._orders[keys]

    def once(self, key: Hashable, kind: type[Made], make: Callable[[], Made]) -> Made:
        """Return what `make` made of these rows, of this key and kind, when it was called last."""
        made = self._made.get((kind, key))
        if not isinstance(made, kind):
            while len(self._made) >= (_MOST_MADE if self.n_rows <= _MANY_ROWS else 1):
                self._made.pop(next(iter(self._made)))
            made = self._made[kind, key] = make()
        return made

    def _lagged(self, integers: Rows) -> Rows:
        """Take each integer from the row before, those of a run's first row from itself."""
        lagged = np.empty_like(integers)
        lagged[1:] = integers[:-1]
        lagged[self._starts] = integers[self._starts]
        return lagged

    def _value(self, signal: Signal) -> Rows:
        sequence = self[signal.sources[0]]
        values = sequence.integers + np.int64(1)
        return values if sequence.live is None else np.where(sequence.live, values, 0)

    def _lag(self, signal: Signal) -> Rows:
        return self._lagged(self.value(signal.sources[0]))

    def _cycle(self, signal: Signal) -> Rows:
        name = signal.sources[0]
        column, sequence, (unit, length) = self.columns[name], self[name], signal.numbers
        values = sequence.integers * wrapped(column.step) + wrapped(column.offset)
        phases = values // np.int64(unit) % np.int64(length)
        return phases if sequence.live is None else np.where(sequence.live, phases, -1)

    def _rank(self, signal: Signal) -> Rows:
        # Values below 0 are, unsigned, beyond all ranks.
        values = self.value(signal.sources[0]).view(np.uint64)
        return signal.ranks[np.minimum(values, np.uint64(len(signal.numbers)))]

    def _changes(self, name: str) -> Bool[np.ndarray, "rows"]:
        """Rows whose value is not that of the row before, or that have no row before."""
        values, has_changed = self.value(name), self.is_start.copy()
        has_changed[1:] |= values[1:] != values[:-1]
        return has_changed

    def _since(self, signal: Signal) -> Rows:
        places = np.arange(self.n_rows)
        last = np.maximum.accumulate(np.where(self._changes(signal.sources[0]), places, 0))
        return np.minimum(places - last, MOST_DISTANCE)

    def _till(self, signal: Signal) -> Rows:
        # A change at the start of a run is none of the run before, which does not know of it.
        never = self.n_rows + MOST_DISTANCE
        places = np.arange(self.n_rows)
        changes = np.where(self._changes(signal.sources[0]), places, never)
        changes[self._starts] = never
        ends = np.append(self._starts[1:], self.n_rows)
        following = np.full(self.n_rows, never)
        following[:-1] = np.minimum.accumulate(changes[::-1])[::-1][1:]
        is_inside = following < np.repeat(ends, np.diff(self._starts, append=self.n_rows))
        distances = np.where(is_inside, following - places, MOST_DISTANCE)
        return np.minimum(distances, MOST_DISTANCE)

    def _linear(self, signal: Signal) -> Rows:
        if signal.linear is None:
            raise ValueError("a linear signal without its prediction")
        return self.linear(signal.linear)

    def _first(self, signal: Signal) -> Rows:
        order = self.order(signal.sources)
        is_first = np.zeros(self.n_rows, np.int64)
        is_first[order.rows] = order.is_first
        return is_first


_SIGNALS: dict[SignalKind, Callable[[KnownRows, Signal], Rows]] = {
    "value": KnownRows._value,
    "lag": KnownRows._lag,
    "cycle": KnownRows._cycle,
    "rank": KnownRows._rank,
    "since": KnownRows._since,
    "till": KnownRows._till,
    "linear": KnownRows._linear,
    "first": KnownRows._first,
}


def wrapped(number: int) -> np.int64:
    """Return an integer of any size modulo 2^64."""
    return np.int64((number + (1 << 63)) % (1 << 64) - (1 << 63))
