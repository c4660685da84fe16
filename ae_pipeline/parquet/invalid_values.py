"""Values that Arrow reads and yet calls invalid: text in Latin-1, decimals of too many digits.

Other writers make such files, and their bytes are kept unchanged. The structure of every column
must be valid, though: wrong offsets or indices would make readers leave the column's memory.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pyarrow as pa
from pyarrow import types

from ae_pipeline.errors import CorruptFragmentError, UnkeptColumnError
from ae_pipeline.parquet.physical import decimal_width, retype, with_fields


def check_structure(records: pa.RecordBatch) -> None:
    """Raise `ValueError` if offsets or indices lead nowhere; values may be anything."""
    with suppress(pa.ArrowInvalid):
        records.validate(full=True)
        return
    for name, column in zip(records.schema.names, records.columns, strict=True):
        try:
            retype(column, bare_type(column.type)).validate(full=True)
        except pa.ArrowException as error:
            raise ValueError(f"column {name}: {error}") from error


def check_keepable(records: pa.RecordBatch, where: str, first_row: int) -> None:
    """Refuse rows that could not be read back.

    Args:
        records: some rows of a source.
        where: path of the source.
        first_row: number of the first of these rows.

    Raises:
        CorruptFragmentError: the structure of a column is damaged.
        UnkeptColumnError: a decimal does not fit the bytes that its type is stored in.
    """
    with suppress(pa.ArrowInvalid):
        records.validate(full=True)
        return
    try:
        check_structure(records)
    except ValueError as error:
        raise CorruptFragmentError(
            "not a readable Parquet file",
            where=where,
            got=str(error),
            remedy="restore it or take it out of the source",
        ) from error
    for name, column in zip(records.schema.names, records.columns, strict=True):
        try:
            retype(column, _stored_type(column.type))
        except ValueError as error:
            raise UnkeptColumnError(
                "a decimal has more digits than its type stores",
                where=f"{where}, column {name}",
                expected=str(column.type),
                got=f"{error}, {_row_of(column, first_row)}",
                remedy="correct it in the source, or give the column more digits there",
            ) from error


def bare_type(kind: pa.DataType) -> pa.DataType:
    """Return a type of the same structure in which all values are valid."""
    if isinstance(kind, pa.BaseExtensionType):
        return bare_type(kind.storage_type)
    if types.is_nested(kind):
        return _inside(kind, bare_type)
    if types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, bare_type(kind.value_type), kind.ordered)
    if types.is_decimal(kind):
        return pa.binary(kind.byte_width)
    if types.is_date(kind) or types.is_time(kind):
        return pa.int32() if kind.bit_width == 32 else pa.int64()
    bytes_of = {
        pa.string(): pa.binary(),
        pa.large_string(): pa.large_binary(),
        pa.string_view(): pa.binary_view(),
    }
    return bytes_of.get(kind, kind)


def _stored_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in which decimals take the bytes that Arrow's writer gives them."""
    if isinstance(kind, pa.BaseExtensionType):
        return _stored_type(kind.storage_type)
    if types.is_nested(kind):
        return _inside(kind, _stored_type)
    return pa.binary(decimal_width(kind.precision)) if types.is_decimal(kind) else kind


def _inside(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Return a nested type with each part changed."""
    parts = [kind.field(number) for number in range(kind.num_fields)]
    return with_fields(kind, [part.with_type(change(part.type)) for part in parts])


def _row_of(column: pa.Array, first_row: int) -> str:
    """Name the row of the first value that does not fit, trying each by itself."""
    kind = _stored_type(column.type)
    for row in range(len(column)):
        try:
            retype(column.take(pa.array([row])), kind)
        except ValueError:
            return f"row {first_row + row}"
    return "no row by itself"
