"""Rows as one matrix: numbers standardised, categories one-hot, text as TF-IDF, vectors centred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any  # Any: matrices of scipy and encoders have no types

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import OneHotEncoder

from benchmarks.latents.exchange import UNKNOWN, Inputs

if TYPE_CHECKING:
    from jaxtyping import Float, Int64

#: A wider matrix stays sparse.
_WIDE = 1000
_BLOCK_ROWS = 2000


class Design:
    """The map from rows to a matrix and back, fitted to the training rows.

    Args:
        inputs: rows of a table.
    """

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        train = ~inputs.is_test
        self.mean, self.scale = moments(inputs.numbers[train])
        self.centre = inputs.vectors[train].mean(axis=0)
        self._one_hot = OneHotEncoder(handle_unknown="ignore", dtype=np.float64)
        self._words = TfidfVectorizer(min_df=2, sublinear_tf=True)
        if inputs.categories.shape[1]:
            self._one_hot.fit(inputs.categories[train])
        if len(inputs.text):
            self._words.fit(inputs.text[train])

    def matrix(self) -> Any:
        """Return all rows, [rows, inputs]: dense, or sparse where that is much smaller."""
        numbers = (self.inputs.numbers - self.mean) / self.scale
        dense = [np.nan_to_num(numbers), self.inputs.vectors - self.centre]
        parts = [sparse.csr_matrix(part) for part in dense if part.shape[1]]
        if self.inputs.categories.shape[1]:
            parts.append(self._one_hot.transform(self.inputs.categories))
        if len(self.inputs.text):
            parts.append(self._words.transform(self.inputs.text))
        whole = sparse.hstack(parts).tocsr()
        return whole if whole.shape[1] > _WIDE else whole.toarray()

    def numbers_of(self, matrix: Float[np.ndarray, "some inputs"]) -> Float[np.ndarray, "some n"]:
        """Return numbers in source units."""
        return matrix[:, : len(self.mean)] * self.scale + self.mean

    def vectors_of(self, matrix: Float[np.ndarray, "some inputs"]) -> Float[np.ndarray, "some n"]:
        """Return vectors in source units."""
        first = len(self.mean)
        return matrix[:, first : first + len(self.centre)] + self.centre

    def categories_of(self, matrix: Float[np.ndarray, "some inputs"]) -> Int64[np.ndarray, "s n"]:
        """Return the most likely code of each category."""
        found = np.full((len(matrix), self.inputs.categories.shape[1]), UNKNOWN)
        first = len(self.mean) + len(self.centre)
        for number in range(found.shape[1]):
            codes = self._one_hot.categories_[number]
            found[:, number] = codes[matrix[:, first : first + len(codes)].argmax(axis=1)]
            first += len(codes)
        return found


def moments(
    numbers: Float[np.ndarray, "rows numbers"],
) -> tuple[Float[np.ndarray, " numbers"], Float[np.ndarray, " numbers"]]:
    """Return means and standard deviations without missing values; 1 for what is constant."""
    is_known = np.isfinite(numbers)
    count = np.maximum(is_known.sum(axis=0), 1)
    mean = np.where(is_known, numbers, 0.0).sum(axis=0) / count
    square = np.where(is_known, numbers - mean, 0.0) ** 2
    deviation = np.sqrt(square.sum(axis=0) / count)
    return mean, np.where(deviation > 0, deviation, 1.0)


def in_blocks(n_rows: int) -> list[slice]:
    """Return slices that cover the rows: one wide reconstruction in memory at a time."""
    return [slice(first, first + _BLOCK_ROWS) for first in range(0, n_rows, _BLOCK_ROWS)]
