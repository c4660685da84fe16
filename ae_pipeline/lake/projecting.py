"""Rows of a live file with the columns of the table: found, filled with nulls, renamed, widened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from ae_pipeline.lake.snapshot import Keys


def project(
    batch: pa.RecordBatch, schema: pa.Schema, wanted: pa.Schema, keys: Keys
) -> pa.RecordBatch:
    """Return the rows of a file with the table's columns; no value changes.

    Args:
        batch: rows of the file.
        schema: to return, of `target_field`.
        wanted: columns of the table, in the same order.
        keys: of both.
    """
    there = list(batch.schema)
    columns = [
        _column(batch.column, there, len(batch), target, field, keys)
        for target, field in zip(schema, wanted, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(
    column_at: Callable[[int], pa.Array],
    there: Sequence[pa.Field],
    n_rows: int,
    target: pa.Field,
    wanted: pa.Field,
    keys: Keys,
) -> pa.Array:
    """Return a column of the table, or a part of a struct, as its target type."""
    found = keys.find(wanted, there)
    if found is None:
        return pa.nulls(n_rows, target.type)
    values = column_at(there.index(found))
    return _made(values, found, target.type, wanted, keys)


def _made(
    values: pa.Array, found: pa.Field, target: pa.DataType, wanted: pa.Field, keys: Keys
) -> pa.Array:
    """Return values of one column as its target type."""
    if values.type == target:
        return values
    if types.is_struct(target):
        there = list(found.type)
        parts = [
            _column(values.field, there, len(values), part, field, keys)
            for part, field in zip(target, wanted.type, strict=True)
        ]
        return pa.StructArray.from_arrays(parts, fields=list(target), mask=_mask(values))
    if types.is_list(target):
        items = _made(
            values.values, found.type.value_field, target.value_type, wanted.type.value_field, keys
        )
        return pa.ListArray.from_arrays(_offsets(values), items, target, mask=_mask(values))
    if types.is_map(target):
        names = _made(
            values.keys, found.type.key_field, target.key_type, wanted.type.key_field, keys
        )
        items = _made(
            values.items, found.type.item_field, target.item_type, wanted.type.item_field, keys
        )
        return pa.MapArray.from_arrays(_offsets(values), names, items, target, mask=_mask(values))
    return pc.cast(values, target, safe=True)


def _offsets(values: pa.Array) -> pa.Array:
    """Return where the items of each list begin, in an array that is no slice."""
    return pa.array(values.offsets.to_numpy(), pa.int32())


def _mask(values: pa.Array) -> pa.Array | None:
    return values.is_null() if values.null_count else None
