"""A block: the feature columns of some rows as float64, and the reason for each missing value.

Feature-major, because Arrow is: one column is one contiguous row of `values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Shaped, UInt8
from pyarrow import types

from ae_pipeline.columns.vectors.lanes import LaneReader

#: The reasons for a missing value; `missing` holds one of these per value.
PRESENT, NULL, NAN, POSITIVE_INFINITY, NEGATIVE_INFINITY = range(5)

_LONG = 64
_UNITS_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_MOST_SECONDS = 9e15

#: Values in one block: 16 MiB of float64, whatever the number of columns.
_BLOCK_VALUES = 1 << 21
_BLOCK_ROWS = 1 << 15


def rows_per_block(n_columns: int) -> int:
    """Return the rows to read at a time from a table of `n_columns` columns."""
    return max(1, min(_BLOCK_ROWS, _BLOCK_VALUES // max(n_columns, 1)))


@dataclass(frozen=True)
class Block:
    """Feature columns of some rows.

    Args:
        values: [features, rows], finite, or NaN where the value is missing.
        missing: [features, rows] reasons, or None if every value is present.
    """

    values: Float64[np.ndarray, "features rows"]
    missing: UInt8[np.ndarray, "features rows"] | None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.values.shape[1]


def records_to_block(records: pa.RecordBatch, features: Sequence[str]) -> Block:
    """Read lanes of feature columns of `records`; 64-bit integers beyond 2^53 round to float64."""
    lanes = LaneReader(records)
    values = np.empty((len(features), records.num_rows), np.float64)
    missing: UInt8[np.ndarray, "features rows"] | None = None
    for index, name in enumerate(features):
        reasons = _read_column(lanes.lane(name), values[index])
        if reasons is not None:
            if missing is None:
                missing = np.zeros(values.shape, np.uint8)
            missing[index] = reasons
    return Block(values, missing)


def block_to_arrays(block: Block, types: Sequence[pa.DataType]) -> list[pa.Array]:
    """Return Arrow columns of the given types; integers round, values out of range saturate.

    Missing values come back as they were: null, NaN or an infinity. A NaN without a reason is an
    unknown value: NaN, or null where the type has no NaN.
    """
    return [
        _write_column(
            block.values[index], None if block.missing is None else block.missing[index], kind
        )
        for index, kind in enumerate(types)
    ]


def _read_column(
    column: pa.Array, out: Float64[np.ndarray, "rows"]
) -> UInt8[np.ndarray, "rows"] | None:
    """Fill one row of `values`; return the reasons, or None if nothing is missing."""
    column = _as_numbers(column)
    has_nulls = column.null_count > 0
    filled = pc.fill_null(column, pa.scalar(0, column.type)) if has_nulls else column
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN like any other
        out[:] = filled.to_numpy(zero_copy_only=False)
    is_finite = np.isfinite(out)
    if is_finite.all() and not has_nulls:
        return None
    reasons = np.zeros(len(out), np.uint8)
    reasons[np.isnan(out)] = NAN
    reasons[out == np.inf] = POSITIVE_INFINITY
    reasons[out == -np.inf] = NEGATIVE_INFINITY
    if has_nulls:
        reasons[column.is_null().to_numpy(zero_copy_only=False)] = NULL
    out[reasons != PRESENT] = np.nan
    return reasons


def _as_numbers(column: pa.Array) -> pa.Array:
    """Return points in time as integers of their unit, and decimals as float64."""
    if types.is_temporal(column.type):
        whole = pa.int64() if column.type.bit_width == _LONG else pa.int32()
        return column.cast(whole)
    return column.cast(pa.float64()) if types.is_decimal(column.type) else column


def _write_column(
    values: Float64[np.ndarray, "rows"],
    reasons: UInt8[np.ndarray, "rows"] | None,
    kind: pa.DataType,
) -> pa.Array:
    if types.is_temporal(kind):
        whole = pa.int64() if kind.bit_width == _LONG else pa.int32()
        return _write_column(_in_range(values, kind), reasons, whole).cast(kind)
    if types.is_decimal(kind):
        return _write_decimals(values, kind)
    numpy_type = np.dtype(kind.to_pandas_dtype())
    is_unknown = np.isnan(values)
    if not is_unknown.any():
        return pa.array(_saturate(values, numpy_type), type=kind)
    if reasons is None:
        reasons = np.zeros(len(values), np.uint8)
    typed = _saturate(np.where(is_unknown, 0.0, values), numpy_type)
    if not pa.types.is_floating(kind):
        return pa.array(typed, type=kind, mask=is_unknown)
    typed[is_unknown] = np.nan
    typed[reasons == POSITIVE_INFINITY] = np.inf
    typed[reasons == NEGATIVE_INFINITY] = -np.inf
    return pa.array(typed, type=kind, mask=reasons == NULL)


def _write_decimals(values: Float64[np.ndarray, "rows"], kind: pa.DataType) -> pa.Array:
    """Return decimals of few digits; out of range they saturate."""
    most = 10**kind.precision - 1
    is_unknown = np.isnan(values)
    with np.errstate(over="ignore"):
        units = np.rint(np.where(is_unknown, 0.0, values) * 10.0**kind.scale)
    whole = np.clip(units, -most, most).astype(np.int64)
    words = pa.py_buffer(np.stack([whole, whole >> 63], axis=1))  # 128 bits: the sign fills them
    exact = pa.decimal128(kind.precision, kind.scale)
    column = pa.Array.from_buffers(exact, len(whole), [None, words])
    return pc.if_else(pa.array(is_unknown), pa.scalar(None, exact), column).cast(kind)


def _in_range(
    values: Float64[np.ndarray, "rows"], kind: pa.DataType
) -> Float64[np.ndarray, "rows"]:
    """Keep times of day within one day, dates on whole days, and all in what Parquet can hold."""
    if types.is_time(kind):
        return np.clip(values, 0, _UNITS_PER_DAY[kind.unit] - 1)
    if types.is_date64(kind):
        day = _UNITS_PER_DAY["ms"]
        return day * np.clip(np.rint(values / day), -(2.0**31), 2.0**31 - 1)
    if types.is_timestamp(kind) and kind.unit == "s":  # Parquet has milliseconds
        return np.clip(values, -_MOST_SECONDS, _MOST_SECONDS)
    return values


def _saturate(
    values: Float64[np.ndarray, "rows"], kind: np.dtype[Any]
) -> Shaped[np.ndarray, "rows"]:
    """Cast without wrapping: a value that does not fit becomes the nearest that does."""
    if kind.kind == "f":
        limits = np.finfo(kind)
        return np.clip(values, float(limits.min), float(limits.max)).astype(kind)
    info = np.iinfo(kind)
    # float64 has no 2**63 - 1: step down to the largest value that still converts.
    largest = float(info.max) if kind.itemsize < 8 else float(np.nextafter(float(info.max), 0))
    return np.clip(np.rint(values), float(info.min), largest).astype(kind)
