"""Columns of a live file beside the table's: the same, widened without loss, or neither."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyarrow import types

from ae_pipeline.lake.snapshot import Keys

#: Decimal digits that hold every integer of so many bits.
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}


def are_same(there: Sequence[pa.Field], wanted: Sequence[pa.Field], keys: Keys) -> bool:
    """Whether columns of a file are the table's as they are: names, order, keys and values.

    Types that hold the same values, such as two kinds of strings, are the same.
    """
    return len(there) == len(wanted) and all(
        theirs.name == ours.name
        and keys.of_file(theirs) == keys.of_table(ours)
        and _is_same(theirs, ours, keys)
        for theirs, ours in zip(there, wanted, strict=True)
    )


def target_field(there: Sequence[pa.Field], wanted: pa.Field, keys: Keys) -> pa.Field:
    """Return a column of the table as it is written: in the file's own type if it is the same.

    Args:
        there: columns of the file.
        wanted: the column of the table; all null if the file lacks it.
        keys: of both.

    Raises:
        TypeError: not every value of the file is one of the table.
    """
    found = keys.find(wanted, there)
    if found is None and not all(map(keys.of_file, there)):
        # It may be one of these, and nulls in its place would be lost values.
        raise TypeError(f"column {wanted.name!r} cannot be told: columns there have no field ids")
    if found is None and not wanted.nullable:
        raise TypeError(f"column {wanted.name!r} is not there, and never null in the table")
    kind = wanted.type if found is None else _target_type(found, wanted, keys)
    return pa.field(wanted.name, kind, wanted.nullable)


def _target_type(found: pa.Field, wanted: pa.Field, keys: Keys) -> pa.DataType:
    """Return the type of a column that is in both; errors as `target_field`."""
    theirs, ours = found.type, wanted.type
    if _is_same(found, wanted, keys):
        return theirs
    if types.is_struct(ours) and types.is_struct(theirs):
        return pa.struct([target_field(list(theirs), field, keys) for field in ours])
    if _is_list(ours) and _is_list(theirs):
        item = _target_type(theirs.value_field, ours.value_field, keys)
        return pa.list_(pa.field("element", item, ours.value_field.nullable))
    if types.is_map(ours) and types.is_map(theirs):
        key = _target_type(theirs.key_field, ours.key_field, keys)
        item = _target_type(theirs.item_field, ours.item_field, keys)
        return pa.map_(key, pa.field("value", item, ours.item_field.nullable))
    if not _is_widened(theirs, ours):
        raise TypeError(f"column {found.name!r} is {theirs}, in the table {ours}")
    return ours


def _is_same(found: pa.Field, wanted: pa.Field, keys: Keys) -> bool:
    """Whether two columns hold the same values, whatever a file calls the items of lists."""
    theirs, ours = found.type, wanted.type
    if types.is_struct(ours) and types.is_struct(theirs):
        return are_same(list(theirs), list(ours), keys)
    if _is_list(ours) and _is_list(theirs):
        return _is_same(theirs.value_field, ours.value_field, keys)
    if types.is_map(ours) and types.is_map(theirs):
        return _is_same(theirs.key_field, ours.key_field, keys) and _is_same(
            theirs.item_field, ours.item_field, keys
        )
    if types.is_timestamp(ours) and types.is_timestamp(theirs):
        # Units differ by writer. Timestamps of 96 bits, which Spark writes, name no zone.
        return theirs.tz is None or ours.tz is not None
    return _values_of(theirs) == _values_of(ours)


def _is_list(kind: pa.DataType) -> bool:
    return types.is_list(kind) or types.is_large_list(kind)


def _values_of(kind: pa.DataType) -> str:
    """Return one name for all types of the same values."""
    if isinstance(kind, pa.BaseExtensionType):
        return _values_of(kind.storage_type)
    if types.is_dictionary(kind):
        return _values_of(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return "string"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind):
        return "binary"
    return str(kind)


def _is_widened(there: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether each value of one type is exactly one of the other, by the rules of both formats."""
    if types.is_signed_integer(there) and types.is_signed_integer(wanted):
        return there.bit_width <= wanted.bit_width
    if types.is_signed_integer(there) and types.is_float64(wanted):
        return there.bit_width <= 32
    if types.is_floating(there) and types.is_floating(wanted):
        return there.bit_width <= wanted.bit_width
    if types.is_decimal(wanted) and (types.is_decimal(there) or types.is_signed_integer(there)):
        precision, scale = _digits(there)
        return wanted.scale >= scale and wanted.precision - wanted.scale >= precision - scale
    if types.is_timestamp(wanted) and wanted.tz is None:
        return types.is_date32(there)
    return types.is_null(there)


def _digits(kind: pa.DataType) -> tuple[int, int]:
    """Return the precision and scale that hold every value of an integer or a decimal."""
    if types.is_decimal(kind):
        return kind.precision, kind.scale
    return _DIGITS[kind.bit_width], 0
