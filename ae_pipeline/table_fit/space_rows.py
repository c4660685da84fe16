"""Known sub-columns of one space of a sample, with signals binned once for all trees to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Signal
from ae_pipeline.table.row_order import order_rows
from ae_pipeline.table_fit.contexts.tree import BinnedSignal, bin_signal
from ae_pipeline.table_fit.nearest import Sketches
from ae_pipeline.table_fit.sample import TableSample

Rows = Int64[np.ndarray, "_"]

_DAY = 86_400


@dataclass(frozen=True)
class Before:
    """The row before each picked row in an order by keys.

    Args:
        rows: -1 where a run begins.
        is_first: whether the keys of the row before differ.
    """

    rows: Int64[np.ndarray, "_"]
    is_first: Bool[np.ndarray, "_"]


class SpaceRows:
    """Known sub-columns of the rows of a space, in coding order.

    Args:
        columns: all sub-columns of the table, by name.
        starts: first row of each run.
        n_rows: of the space.
        share: rows of the archive per row.
        most_picked: rows that searches look at.
        seed: chooses them.
    """

    def __init__(
        self,
        columns: Mapping[str, SubColumn],
        starts: Rows,
        n_rows: int,
        share: float,
        most_picked: int,
        seed: int = 0,
    ) -> None:
        self.columns = columns
        self.known = KnownRows(n_rows, columns, starts)
        self.n_rows = n_rows
        self.share = share
        self.picked = pick_rows(np.arange(n_rows), most_picked, seed)
        self._binned: dict[str, list[tuple[Signal, BinnedSignal]]] = {}
        self._ranks: dict[str, int] = {}
        self.names: list[str] = []
        self.varied: set[str] = set()
        self.sketches = Sketches(n_rows)
        self._before: dict[tuple[str, ...], Before] = {}
        self._place = np.full(n_rows, -1, np.int32)
        self._place[self.picked] = np.arange(len(self.picked))

    def add(self, name: str, sequence: Sequence) -> None:
        """Make a sub-column known, and bin its signals."""
        self.known.add(name, sequence)
        if not len(sequence.integers):
            return
        value = self.known.value(name)
        if value.min() == value.max():
            return
        self.names.append(name)
        self.varied.add(name)
        self.sketches.add(name, value)
        made = [
            (signal, bin_signal(self.known.signal(signal)[self.picked]))
            for signal in self._signals_of(name, value)
        ]
        self._ranks[name] = len(self._ranks)
        self._binned[name] = [(signal, binned) for signal, binned in made if binned.size > 1]

    def binned_signals(self, names: Iterable[str]) -> Iterator[tuple[Signal, BinnedSignal]]:
        """Yield the signals of some known sub-columns that vary, in the order of these."""
        for name in sorted(names, key=self._ranks.__getitem__):
            yield from self._binned[name]

    def _signals_of(self, name: str, value: Rows) -> list[Signal]:
        column = self.columns[name]
        signals = [Signal("value", (name,)), Signal("lag", (name,))]
        changes = float(np.mean(value[1:] != value[:-1]))
        if 0.01 < changes < 0.6:
            signals += [Signal("since", (name,)), Signal("till", (name,))]
        if column.ticks:
            tick = column.ticks
            cycles = ((tick, _DAY), (_DAY * tick, 7), (3600 * tick, 168))
            signals += [Signal("cycle", (name,), numbers) for numbers in cycles]
        return signals

    def places(self, rows: Rows) -> Int64[np.ndarray, "_"]:
        """Return the place of each row among the picked ones, -1 of others."""
        return self._place[rows].astype(np.int64)

    def values_at(self, name: str, rows: Rows) -> Int64[np.ndarray, "_"]:
        """Return the signal `value` of some rows."""
        sequence = self.known[name]
        values = sequence.integers[rows] + 1
        return values if sequence.live is None else np.where(sequence.live[rows], values, 0)

    def least(self, name: str) -> int:
        """Return the least integer of a known sub-column."""
        return int(self.known[name].integers.min())

    def largest(self, name: str) -> int:
        """Return the largest integer of a known sub-column."""
        return int(self.known[name].integers.max())

    def before(self, keys: tuple[str, ...]) -> Before:
        """Return the row before each picked row, in the order by keys."""
        if keys not in self._before:
            values = [self.known.value(key) for key in keys]
            order = order_rows(values, self.known.is_start)
            previous = np.empty(self.n_rows, np.int64)
            previous[order.rows[1:]] = order.rows[:-1]
            if self.n_rows:
                previous[order.rows[0]] = -1
            rows = previous[self.picked]
            rows[self._starts_run(rows)] = -1
            is_first = np.empty(self.n_rows, bool)
            is_first[order.rows] = order.is_first
            self._before[keys] = Before(rows, is_first[self.picked])
        return self._before[keys]

    def before_rows(self, keys: tuple[str, ...], rows: Rows) -> Int64[np.ndarray, "_"]:
        """Return the row before each of some picked rows; -1 for none, or where it is not known."""
        places = self.places(rows)
        before = self.before(keys).rows[places]
        return np.where(places >= 0, before, -1)

    def _starts_run(self, before: Int64[np.ndarray, "_"]) -> Bool[np.ndarray, "_"]:
        run = np.cumsum(self.known.is_start)
        return (before < 0) | (run[before] != run[self.picked])


def make_spaces(sample: TableSample, most_picked: int) -> dict[str, SpaceRows]:
    """Return the space of the table's rows and those of items, without known sub-columns."""
    columns = {column.name: column for column in sample.columns}
    spaces: dict[str, SpaceRows] = {}
    for name, column in columns.items():
        if column.space not in spaces:
            starts = sample.item_starts[column.space] if column.space else sample.starts
            n_rows = len(sample.sequences[name].integers)
            spaces[column.space] = SpaceRows(columns, starts, n_rows, sample.share, most_picked)
    return spaces


def pick_rows(rows: Rows, most: int, seed: int) -> Rows:
    """Return at most so many of the rows, ascending, the same ones for the same seed."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
