"""Linear prediction of quantised columns from columns decoded earlier, in integers.

A column's cells (its values in whole tolerance units) are predicted from the cells of other columns
in the same row and in the row before, and, where that helps, from its own cell in the row before.
Weights are small integers and cells are bounded, so every sum is an integer that float64 holds
exactly, and all machines predict the same.

Source: inter-channel linear prediction as in lossless audio coding, e.g. MPEG-4 ALS (Liebchen et
al. 2005), with two taps per channel.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int16, Int32, Int64

from ae_pipeline.coding.column.fused import round_units
from ae_pipeline.compiled import doing_without, ran

#: Cells beyond this predict as if they were here.
CELL_MAX = 1 << 24
#: Terms of one column at most, so that sums stay below 2 ** 53.
MOST_TERMS = 256
MOST_SHIFT = 30
#: Fractional bits of a context value.
CONTEXT_BITS = 3
WEIGHT_MAX = 32767
BIAS_MAX = (1 << 31) - 1
#: More than any prediction times any factor.
_FARTHEST = 2.0**62

Cells = Float64[np.ndarray, "features rows"]
#: Feature number, lag and weight.
Term: TypeAlias = tuple[int, int, float]


@dataclass(frozen=True)
class LinearPrediction:
    """The linear prediction of one column, for the rows in which it is not null.

    Args:
        in_cells: before rounding; what to add to the cell before if `follows`.
        follows: whether the column's own cell before is added.
    """

    in_cells: Float64[np.ndarray, "present"]
    follows: bool

    @cached_property
    def base(self) -> Int64[np.ndarray, "present"]:
        """The prediction in whole cells."""
        return nearest_cells(self.in_cells)

    @cached_property
    def context_values(self) -> Int64[np.ndarray, "present"] | None:
        """The prediction in `2 ** -CONTEXT_BITS` of a cell.

        None if `follows`: it then says how the cell changes, not where it is.
        """
        return None if self.follows else context_values(self.in_cells)


@dataclass(frozen=True)
class LinearPredictor:
    """Sparse integer weights, one list of terms per feature column.

    The prediction of column j is `rint((bias + sum(weight * cell)) * 2 ** -shift)`, plus its own
    cell before if `follows` is 1. Other columns' row before the first is the first row itself; the
    own cell before the first is 0.

    Args:
        order: feature numbers in the order in which they are decoded.
        follows: 1 if a column's own cell in the row before is added.
        counts: terms of each column.
        sources: of each term, column after column in feature order: `2 * feature number + lag`, lag
            1 for the row before. Only features that come earlier in `order`.
        weights: one per term.
        shifts: one per column, 0 to 30.
        biases: one per column.
    """

    order: Int32[np.ndarray, "features"]
    follows: Int8[np.ndarray, "features"]
    counts: Int16[np.ndarray, "features"]
    sources: Int32[np.ndarray, "terms"]
    weights: Int16[np.ndarray, "terms"]
    shifts: Int8[np.ndarray, "features"]
    biases: Int32[np.ndarray, "features"]

    def check(self) -> None:
        """Raise ValueError if the arrays do not fit each other; readers of files must call this."""
        n_features, features = len(self.order), self.sources // 2
        if np.any(np.sort(self.order) != np.arange(n_features)):
            raise ValueError("order is not a permutation of the features")
        if np.any((self.counts < 0) | (self.counts > MOST_TERMS)):
            raise ValueError(f"a column has fewer than 0 or more than {MOST_TERMS} terms")
        if self.counts.sum(dtype=np.int64) != len(self.sources):
            raise ValueError("counts do not add up to the terms")
        if np.any((features < 0) | (features >= n_features)):
            raise ValueError("the source of a term is not a feature")
        place = np.argsort(self.order)
        if np.any(place[features] >= np.repeat(place, self.counts)):
            raise ValueError("a column is predicted from one that is decoded later")
        if np.any((self.shifts < 0) | (self.shifts > MOST_SHIFT) | (self.follows & ~1 != 0)):
            raise ValueError("a shift or a flag is out of range")

    def predicts(self, number: int) -> bool:
        """Return whether the column has terms or follows its own cell before."""
        return bool(self.counts[number] or self.follows[number])

    def predict(
        self, number: int, cells: Cells, is_valid: Bool[np.ndarray, "rows"]
    ) -> LinearPrediction | None:
        """Predict a column, or return None if it has no terms and does not follow itself.

        Args:
            number: of the feature.
            cells: must hold all columns that this one is predicted from.
            is_valid: rows in which the column is not null.
        """
        if not self.predicts(number):
            return None
        prediction = self.prediction(number, cells)
        present = prediction if is_valid.all() else prediction[is_valid]
        return LinearPrediction(present, bool(self.follows[number]))

    def base(self, number: int, cells: Cells) -> Int64[np.ndarray, "rows"]:
        """Predict a column of all rows in whole cells."""
        return nearest_cells(self.prediction(number, cells))

    def context_values(self, number: int, cells: Cells) -> Int64[np.ndarray, "rows"]:
        """Predict a column of all rows in `2 ** -CONTEXT_BITS` of a cell."""
        return context_values(self.prediction(number, cells))

    def prediction(self, number: int, cells: Cells) -> Float64[np.ndarray, "rows"]:
        """Predict a column in cells, before rounding."""
        total = np.full(cells.shape[1], float(self.biases[number]))
        terms = list(self._terms(number))
        if not ran("predicting.predict_linearly", cells, *_columns(terms), total):
            with doing_without():
                _add(cells, terms, total)
        total *= 2.0 ** -int(self.shifts[number])
        return total

    def needed(self, wanted: Iterable[int], predicted: Container[int]) -> list[int]:
        """Return the wanted columns and all that they are predicted from, in decoding order.

        Args:
            wanted: feature numbers.
            predicted: the features that are predicted at all.
        """
        found = set(wanted)
        for number in reversed(self.order.tolist()):
            if number in found and number in predicted:
                found.update(source for source, _, _ in self._terms(number))
        return [number for number in self.order.tolist() if number in found]

    def sources_of(self, number: int) -> set[int]:
        """Return the features that a column is predicted from."""
        return {source for source, _, _ in self._terms(number)}

    def _terms(self, number: int) -> Iterator[Term]:
        """Yield (feature number, lag, weight) of each term."""
        stop = int(self.counts[: number + 1].sum(dtype=np.int64))
        start = stop - int(self.counts[number])
        for source, weight in zip(self.sources[start:stop], self.weights[start:stop], strict=True):
            feature, lag = divmod(int(source), 2)
            yield feature, lag, float(weight)


def _add(cells: Cells, terms: list[Term], total: Float64[np.ndarray, "rows"]) -> None:
    for source, lag, weight in terms:
        if lag:
            total[1:] += weight * cells[source, :-1]
            total[:1] += weight * cells[source, :1]
        else:
            total += weight * cells[source]


def _columns(
    terms: list[Term],
) -> tuple[Int64[np.ndarray, "terms"], Int64[np.ndarray, "terms"], Float64[np.ndarray, "terms"]]:
    """Return feature numbers, lags and weights."""
    features, lags, weights = zip(*terms, strict=True) if terms else ((), (), ())
    return np.array(features, np.int64), np.array(lags, np.int64), np.array(weights, np.float64)


def nearest_cells(prediction: Float64[np.ndarray, "rows"]) -> Int64[np.ndarray, "rows"]:
    """Round a linear prediction to whole cells."""
    return _rounded(prediction, 1.0)


def context_values(prediction: Float64[np.ndarray, "rows"]) -> Int64[np.ndarray, "rows"]:
    """Round a linear prediction to `2 ** -CONTEXT_BITS` of a cell."""
    return _rounded(prediction, 2.0**CONTEXT_BITS)


def _rounded(prediction: Float64[np.ndarray, "rows"], factor: float) -> Int64[np.ndarray, "rows"]:
    found = round_units(prediction, factor, _FARTHEST)
    if found is not None:
        return found
    with doing_without():
        return np.rint(prediction * factor).astype(np.int64)


def bounded(cells: Int64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """Clip cells to the range that other columns are predicted from."""
    return np.clip(cells, -CELL_MAX, CELL_MAX).astype(np.float64)


def fill_rows(
    cells: Int64[np.ndarray, "present"], is_valid: Bool[np.ndarray, "rows"]
) -> Int64[np.ndarray, "rows"]:
    """Spread cells over all rows: a null repeats the cell before it, leading ones the first."""
    if len(cells) == len(is_valid):
        return cells
    if not len(cells):
        return np.zeros(len(is_valid), np.int64)
    return cells[np.maximum(np.cumsum(is_valid) - 1, 0)]


def source_cells(
    cells: Int64[np.ndarray, "present"], is_valid: Bool[np.ndarray, "rows"]
) -> Float64[np.ndarray, "rows"]:
    """Return a column as others are predicted from it: all rows, bounded."""
    return bounded(fill_rows(cells, is_valid))
