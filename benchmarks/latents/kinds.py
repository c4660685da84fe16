"""Columns of Arrow as arrays by kind, and the same of what was decoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int64, Shaped

from benchmarks.latents.exchange import UNKNOWN, Inputs
from benchmarks.latents.tables import Rows


@dataclass(frozen=True)
class Kinds:
    """Names of columns by kind, and the values of categories.

    Args:
        numbers: integers, floats and times.
        categories: strings that are no text, and booleans, with their values; a null has the code
            after them.
        text: free text.
        vectors: lists of a fixed size.
    """

    numbers: tuple[str, ...]
    categories: dict[str, pa.Array]
    text: tuple[str, ...]
    vectors: tuple[str, ...]

    @classmethod
    def of(cls, table: pa.Table, text: tuple[str, ...]) -> Kinds:
        """Tell the columns of a table apart by their types."""
        vectors = [one.name for one in table.schema if pa.types.is_fixed_size_list(one.type)]
        numbers = [one.name for one in table.schema if _is_number(one.type)]
        others = set(table.column_names) - {*vectors, *numbers, *text}
        values = {
            name: pc.unique(table[name]).drop_null()
            for name in table.column_names
            if name in others
        }
        return cls(tuple(numbers), values, text, tuple(vectors))

    def inputs(self, rows: Rows) -> Inputs:
        """Return rows as arrays."""
        words = [
            np.array(pc.fill_null(rows.table[name], "").to_pylist(), dtype=str)
            for name in self.text
        ]
        return Inputs(
            numbers=self.numbers_of(rows.table),
            categories=self.categories_of(rows.table),
            text=words[0] if words else np.empty(0, dtype=str),
            vectors=self.vectors_of(rows.table),
            target=rows.target,
            is_test=rows.is_test,
            metric=rows.metric,
        )

    def numbers_of(self, table: pa.Table) -> Float[np.ndarray, "rows numbers"]:
        """Return numbers, NaN where they are missing and in columns that the table lacks."""
        found = np.full((table.num_rows, len(self.numbers)), np.nan)
        for number, name in enumerate(self.numbers):
            if name in table.column_names:
                found[:, number] = _as_floats(table[name])
        return found

    def categories_of(self, table: pa.Table) -> Int64[np.ndarray, "rows categories"]:
        """Return codes, `UNKNOWN` of values that are not known and in columns that are lacking."""
        found = np.full((table.num_rows, len(self.categories)), UNKNOWN)
        for number, (name, values) in enumerate(self.categories.items()):
            if name in table.column_names:
                found[:, number] = _codes(table[name], values)
        return found

    def vectors_of(self, table: pa.Table) -> Shaped[np.ndarray, "rows width"]:
        """Return all columns of vectors side by side; an empty matrix if the table has none."""
        parts = [_as_matrix(table[name]) for name in self.vectors if name in table.column_names]
        return np.concatenate([np.empty((table.num_rows, 0), np.float32), *parts], axis=1)


def _is_number(type_: pa.DataType) -> bool:
    is_time = pa.types.is_temporal(type_)
    return is_time or pa.types.is_integer(type_) or pa.types.is_floating(type_)


def _as_floats(column: pa.ChunkedArray) -> Float[np.ndarray, " rows"]:
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64())
    return column.cast(pa.float64(), safe=False).to_numpy()


def _codes(column: pa.ChunkedArray, values: pa.Array) -> Int64[np.ndarray, " rows"]:
    codes = pc.fill_null(pc.index_in(column.cast(values.type), values), UNKNOWN).cast(pa.int64())
    return pc.if_else(pc.is_null(column), len(values), codes).to_numpy()


def _as_matrix(column: pa.ChunkedArray) -> Shaped[np.ndarray, "rows width"]:
    whole = column.combine_chunks()
    return whole.flatten().to_numpy(zero_copy_only=False).reshape(len(whole), -1)
