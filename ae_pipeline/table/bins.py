"""Bins: the range of each target, and its place inside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from constriction import stream
from jaxtyping import Int32, Int64

from ae_pipeline.coding.symbols.ans import SymbolReader, SymbolWriter
from ae_pipeline.coding.symbols.frequencies import symbol_model
from ae_pipeline.table.model import Bins

#: Bins that reach no farther have a table of the bin of each integer.
_MOST_SPAN = 1 << 16

Targets = Int64[np.ndarray, "coded"]


def bins_of(bins: Bins, targets: Targets) -> Int32[np.ndarray, "coded"]:
    """Return the number of each target's bin; the number of bins for those that none holds."""
    return BinTables(bins).numbers_of(targets)


@dataclass(frozen=True)
class BinTables:
    """Bins with the tables that coding needs of them, made once and kept."""

    bins: Bins

    @property
    def n_bins(self) -> int:
        """How many bins there are."""
        return len(self.bins.low)

    def numbers_of(self, targets: Targets) -> Int32[np.ndarray, "coded"]:
        """Return the number of each target's bin; `n_bins` for those that none holds."""
        if not self.n_bins:
            return np.zeros(len(targets), np.int32)
        if self._numbers is None:
            return self._search(targets)
        # Distances modulo 2^64: what lies below the first bin is far above the last one.
        distances = (targets - self.bins.low[0]).view(np.uint64)
        return self._numbers[np.minimum(distances, np.uint64(len(self._numbers) - 1))]

    def write(self, writer: SymbolWriter, number: int, targets: Targets) -> None:
        """Write the places of targets inside their bin."""
        listed = self._listed(number)
        if listed is None:
            low = self.bins.low[number]
            writer.put_below((targets - low).view(np.uint64), self._size(number))
        elif len(listed) > 1:
            places = np.searchsorted(listed, targets).astype(np.int32)
            writer.put(places, self._model(number))

    def read(self, reader: SymbolReader, number: int, n_targets: int) -> Targets:
        """Invert `write`."""
        listed, low = self._listed(number), self.bins.low[number]
        if listed is None:
            distances = reader.take_below(n_targets, self._size(number))
            return distances.view(np.int64) + low
        if len(listed) > 1:
            return listed[reader.take(n_targets, self._model(number))]
        return np.full(n_targets, listed[0])

    def _size(self, number: int) -> int:
        return int(self.bins.high[number]) - int(self.bins.low[number]) + 1

    def _listed(self, number: int) -> Int64[np.ndarray, "listed"] | None:
        """Integers listed in a bin, None if all are equally likely."""
        if not self.bins.n_inside[number]:
            return None
        return self.bins.inside[self._ends[number] : self._ends[number + 1]]

    def _model(self, number: int) -> stream.model.Categorical:
        if number not in self._models:
            place = slice(self._ends[number], self._ends[number + 1])
            self._models[number] = symbol_model(self.bins.inside_codes[place])
        return self._models[number]

    @cached_property
    def _ends(self) -> Int64[np.ndarray, "ends"]:
        return np.concatenate([[0], np.cumsum(self.bins.n_inside, dtype=np.int64)])

    @cached_property
    def _models(self) -> dict[int, stream.model.Categorical]:
        return {}

    @cached_property
    def _numbers(self) -> Int32[np.ndarray, "span"] | None:
        """Bin of each integer from the lowest on, and last that of all beyond."""
        span = int(self.bins.high[-1]) - int(self.bins.low[0]) + 1
        if span > _MOST_SPAN:
            return None
        integers = self.bins.low[0] + np.arange(span + 1)
        numbers = self._search(integers)
        # The integer beyond may have wrapped around 2^63.
        numbers[-1] = self.n_bins
        return numbers

    def _search(self, targets: Targets) -> Int32[np.ndarray, "coded"]:
        places = np.maximum(np.searchsorted(self.bins.low, targets, side="right") - 1, 0)
        is_inside = (targets >= self.bins.low[places]) & (targets <= self.bins.high[places])
        n_inside = self.bins.n_inside[places]
        is_listed = n_inside > 0
        if is_listed.any():
            is_inside &= ~is_listed | self._are_listed(targets, places)
        return np.where(is_inside, places, self.n_bins).astype(np.int32)

    def _are_listed(self, targets: Targets, places: Int64[np.ndarray, "coded"]) -> np.ndarray:
        # Lists ascend and bins are apart, so all that is listed ascends.
        inside = self.bins.inside
        found = np.minimum(np.searchsorted(inside, targets), len(inside) - 1)
        return inside[found] == targets
