"""How near the decoded values are: by column on the test rows, and by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.latents.exchange import UNKNOWN, Inputs, Outputs

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

#: Values further from the median than this, in robust standard deviations, are outliers.
_BULK = 10.0
#: Quartiles of a normal distribution lie so many standard deviations apart.
_QUARTILES = 1.349


class Reconstruction:
    """Decoded values beside the inputs.

    A column that is not in the latents counts as if its mean or its most common value were decoded.

    Args:
        inputs: rows of a table.
        outputs: what a method made of them.
    """

    def __init__(self, inputs: Inputs, outputs: Outputs) -> None:
        train = ~inputs.is_test
        self._inputs = inputs
        self._numbers = _filled(outputs.numbers, inputs.numbers[train])
        self._categories = outputs.categories.copy()
        for number, codes in enumerate(outputs.categories.T):
            if (codes == UNKNOWN).all():
                self._categories[:, number] = np.bincount(inputs.categories[train, number]).argmax()
        self._vectors = _filled(outputs.vectors, inputs.vectors[train])

    @property
    def mse(self) -> float | None:
        """Mean of the numbers' squared errors in variances of their columns."""
        return self._mse(np.isfinite(self._inputs.numbers))

    @property
    def bulk_mse(self) -> float | None:
        """The same over values that are no outliers, in variances of those."""
        return self._mse(bulk(self._inputs.numbers))

    @property
    def accuracy(self) -> float | None:
        """Mean share of the categories that come back, of columns with more than one value."""
        codes, test = self._inputs.categories, self._inputs.is_test
        varies = (codes != codes[:1]).any(axis=0)
        if not varies.any():
            return None
        return float(np.mean((self._categories == codes)[test][:, varies]))

    @property
    def vector_mse(self) -> float | None:
        """Squared error of the vectors over their squared distance from their mean."""
        if not self._inputs.vectors.shape[1]:
            return None
        test = self._inputs.is_test
        vectors = self._inputs.vectors[test]
        spread = ((vectors - self._inputs.vectors.mean(axis=0)) ** 2).sum()
        return float(((vectors - self._vectors[test]) ** 2).sum() / spread)

    @property
    def row_errors(self) -> Float[np.ndarray, " rows"]:
        """Mean squared error of the numbers of each row, and share of its wrong categories."""
        numbers = self._inputs.numbers
        deviation = _deviation(numbers[~self._inputs.is_test])
        is_used = deviation > 0
        square = ((numbers - self._numbers)[:, is_used] / deviation[is_used]) ** 2
        total = np.nan_to_num(square).sum(axis=1)
        return total + (self._categories != self._inputs.categories).sum(axis=1)

    def _mse(self, is_counted: Bool[np.ndarray, "rows numbers"]) -> float | None:
        numbers = np.where(is_counted, self._inputs.numbers, np.nan)
        deviation = _deviation(numbers)
        test = self._inputs.is_test
        square = (numbers - self._numbers)[test] ** 2
        is_scored = (deviation > 0) & np.isfinite(square).any(axis=0)
        if not is_scored.any():
            return None
        return float(np.mean(np.nanmean(square[:, is_scored], axis=0) / deviation[is_scored] ** 2))


def bulk(numbers: Float[np.ndarray, "rows numbers"]) -> Bool[np.ndarray, "rows numbers"]:
    """Return which values are no outliers; of columns with equal quartiles, all but missing."""
    is_bulk = np.isfinite(numbers)
    for number, column in enumerate(numbers.T):
        known = column[is_bulk[:, number]]
        if len(known):
            low, middle, high = np.percentile(known, [25, 50, 75])
            reach = _BULK * (high - low) / _QUARTILES or np.inf
            is_bulk[:, number] &= np.abs(column - middle) <= reach
    return is_bulk


def _deviation(numbers: Float[np.ndarray, "rows numbers"]) -> Float[np.ndarray, " numbers"]:
    """Return standard deviations without missing values; 0 where there are none."""
    return np.array([np.std(column[np.isfinite(column)]) if np.isfinite(column).any() else 0.0
                     for column in numbers.T])  # fmt: skip


def _filled(
    found: Float[np.ndarray, "rows n"], train: Float[np.ndarray, "train n"]
) -> Float[np.ndarray, "rows n"]:
    """Return decoded numbers, with the training mean where there are none."""
    known = np.isfinite(train)
    mean = np.where(known, train, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(np.isfinite(found), found, mean)
