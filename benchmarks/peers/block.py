"""Input of every peer: the feature columns of one block, finite values alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa

from ae_pipeline.coding import pack_validity
from ae_pipeline.dataset import discover, read_records, rebatch


@dataclass(frozen=True)
class Layout:
    """Facts that a decoder gets for free, as from a schema and validity bitmaps.

    Args:
        kinds: type of each column.
        tolerances: promised absolute error of each column.
        is_finite: rows of each column that are neither null nor NaN nor infinite.
    """

    kinds: tuple[np.dtype[Any], ...]
    tolerances: tuple[float, ...]
    is_finite: tuple[np.ndarray, ...]

    @cached_property
    def n_values(self) -> tuple[int, ...]:
        """Finite values of each column."""
        return tuple(int(chosen.sum()) for chosen in self.is_finite)


@dataclass(frozen=True)
class Block:
    """Feature columns of some rows.

    Args:
        records: rows of the source.
        columns: their finite values, each column in its own type.
        layout: facts that decoders know.
    """

    records: pa.RecordBatch
    columns: tuple[np.ndarray, ...]
    layout: Layout

    @classmethod
    def from_records(cls, records: pa.RecordBatch, tolerances: Sequence[float]) -> Block:
        """Take records apart; `tolerances` has one for each column of `records`."""
        pairs = [_finite(column) for column in records.columns]
        columns = tuple(values for values, _ in pairs)
        layout = Layout(
            tuple(values.dtype for values in columns),
            tuple(map(float, tolerances)),
            tuple(is_finite for _, is_finite in pairs),
        )
        return cls(records, columns, layout)

    @property
    def raw_bytes(self) -> int:
        """Bytes of every value of every column in its own type, missing ones included."""
        return len(self.records) * sum(kind.itemsize for kind in self.layout.kinds)

    @property
    def missing_bytes(self) -> int:
        """Bytes that say which rows are finite; the same for every peer."""
        return sum(len(pack_validity(is_finite)) for is_finite in self.layout.is_finite)


def read_blocks(
    source: str,
    features: Sequence[str],
    tolerances: Sequence[float],
    block_rows: int,
    most_rows: int | None = None,
) -> Iterator[Block]:
    """Yield blocks of a source, each within one fragment; stop after `most_rows`."""
    n_rows = 0
    for fragment in discover(source).fragments:
        for records in rebatch(read_records(fragment, block_rows, features), block_rows):
            if most_rows is not None and n_rows >= most_rows:
                return
            n_rows += len(records)
            yield Block.from_records(records.select(list(features)), tolerances)


def _finite(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    is_valid = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.drop_null().to_numpy(zero_copy_only=False)
    is_finite = np.isfinite(values)
    chosen = is_valid.copy()
    chosen[is_valid] = is_finite
    return np.ascontiguousarray(values[is_finite]), chosen
