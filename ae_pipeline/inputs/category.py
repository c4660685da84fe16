"""A column of categories: the number of each value, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float32, Float64, Int64

#: Number of a value that the codec has no place for: rare when it was fitted, or not there.
UNKNOWN = -1.0

#: Probability of a value that the codec has no place for, at least.
_LEAST_PROBABILITY = 1e-4

#: A value of a category, as JSON writes it.
Value = str | int | bool


@dataclass(frozen=True)
class Category:
    """Values that a network tells apart.

    Each value is an input and an output of the network, and so is null if there were any.

    Args:
        values: the frequent ones, most frequent first, all of one type.
        shares: of the rows at fit time: of each value, then of null if any row was null.
    """

    values: tuple[Value, ...]
    shares: tuple[float, ...]

    @property
    def width(self) -> int:
        """Inputs of the network: values, and null if it is one."""
        return len(self.shares)

    @property
    def has_null(self) -> bool:
        """Whether null is an input."""
        return len(self.shares) > len(self.values)

    @cached_property
    def prior(self) -> Float32[np.ndarray, "width"]:
        """Share of each input; what a network expects that knows nothing of a row."""
        return np.array(self.shares, np.float32)

    @cached_property
    def entropy(self) -> float:
        """Nats that the value of a row tells, to one who knows the shares alone."""
        shares = np.array([share for share in self.shares if share > 0])
        return float(-(shares * np.log(shares)).sum())

    def read(self, column: pa.Array) -> Float64[np.ndarray, "rows"]:
        """Return the number of each value, NaN for null and `UNKNOWN` for others.

        Args:
            column: of the type that `values` have in Arrow, or a dictionary of it.
        """
        plain = decoded(column)
        known = pa.array(self.values, plain.type)
        found = pc.fill_null(pc.index_in(plain, value_set=known, skip_nulls=True), int(UNKNOWN))
        numbers = found.to_numpy(zero_copy_only=False).astype(np.float64)
        if plain.null_count:
            numbers[plain.is_null().to_numpy(zero_copy_only=False)] = np.nan
        return numbers

    def write(self, numbers: Float64[np.ndarray, "rows"], kind: pa.DataType) -> pa.Array:
        """Return the values of these numbers as a column; NaN is null.

        Args:
            numbers: of values.
            kind: type of the column, not of a dictionary.
        """
        if not self.values:
            return pa.nulls(len(numbers), kind)
        is_null = np.isnan(numbers)
        places = pa.array(np.where(is_null, 0, numbers).astype(np.int32), mask=is_null)
        return pa.array(self.values, kind).take(places)

    def expand(self, numbers: Float64[np.ndarray, "rows"]) -> Float32[np.ndarray, "rows width"]:
        """Return what a network sees: 1 at the value's place, less the prior; NaN if unknown."""
        places, is_known = self._places(numbers)
        found = np.full((len(numbers), self.width), -self.prior, np.float32)
        rows = np.flatnonzero(is_known)
        found[rows, places[rows]] += np.float32(1)
        found[~is_known] = np.nan
        return found

    def collapse(self, outputs: Float32[np.ndarray, "rows width"]) -> Float64[np.ndarray, "rows"]:
        """Return the number of each row's most likely value; null is told by other means."""
        if not self.values:
            return np.full(len(outputs), np.nan)
        return outputs[:, : len(self.values)].argmax(axis=1).astype(np.float64)

    def surprise(
        self, numbers: Float64[np.ndarray, "rows"], outputs: Float32[np.ndarray, "rows width"]
    ) -> Float64[np.ndarray, "rows"]:
        """Return the nats that each value tells one who knows the network's outputs for its row.

        An unknown value tells as much as its share of the rows that the codec was fitted to.
        """
        places, is_known = self._places(numbers)
        other = max(1.0 - float(self.prior.sum()), _LEAST_PROBABILITY)
        nats = np.full(len(numbers), -np.log(other))
        logits = outputs[is_known].astype(np.float64)
        if logits.size:
            logits -= logits.max(axis=1, keepdims=True)
            chosen = logits[np.arange(len(logits)), places[is_known]]
            nats[is_known] = np.log(np.exp(logits).sum(axis=1)) - chosen
        return nats

    def _places(
        self, numbers: Float64[np.ndarray, "rows"]
    ) -> tuple[Int64[np.ndarray, "rows"], Bool[np.ndarray, "rows"]]:
        """Return the input of each value, null included, and whether there is one."""
        places = np.where(np.isnan(numbers), len(self.values), numbers).astype(np.int64)
        return places, (places >= 0) & (places < self.width)


def decoded(column: pa.Array) -> pa.Array:
    """Return the values of a column that may be a dictionary."""
    if isinstance(column, pa.DictionaryArray):
        return column.dictionary_decode()
    return column


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values of a column that may be a dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
