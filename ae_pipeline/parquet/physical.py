"""Columns as the physical values that a Parquet file holds for them.

Arrow's writer chooses one physical type for each of its types: a decimal becomes bytes of fixed
length. To store a decimal as an integer, the writer is given the physical values themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, UInt8
from pyarrow import types

from ae_pipeline.parquet.schema import (
    BOOLEAN,
    BYTE_ARRAY,
    DOUBLE,
    FIXED_BYTES,
    FLOAT,
    INT32,
    INT64,
    Leaf,
)

_INTEGERS = {INT32: pa.int32(), INT64: pa.int64()}
#: Any type will do for a column of nulls.
_ANY = {**_INTEGERS, BOOLEAN: pa.bool_(), FLOAT: pa.float32(), DOUBLE: pa.float64()}


def physical_type(
    kind: pa.DataType, written: Iterator[Leaf], wanted: Iterator[Leaf]
) -> pa.DataType:
    """Return the type to write a column as, so that its leaves have the wanted physical types.

    Args:
        kind: Arrow's type of the column.
        written: its leaves as Arrow's writer makes them.
        wanted: the leaves to write, of the same levels.

    Raises:
        ValueError: there is no such type.
    """
    if types.is_nested(kind) or (isinstance(kind, pa.BaseExtensionType) and _is_nested(kind)):
        storage = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
        parts = [storage.field(number) for number in range(storage.num_fields)]
        made = [part.with_type(physical_type(part.type, written, wanted)) for part in parts]
        same = all(new.type == part.type for new, part in zip(made, parts, strict=True))
        return kind if same else with_fields(storage, made)
    leaf, wanted_leaf = next(written), next(wanted)
    return kind if leaf.physics == wanted_leaf.physics else _leaf_type(kind, wanted_leaf)


def retype(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the same physical values in another type.

    Args:
        column: a column.
        kind: its type with other leaves: integers or big-endian bytes for decimals, bytes for
            text, integers for times.

    Raises:
        ValueError: a decimal does not fit; the message names it.
    """
    if column.type == kind:
        return column
    if isinstance(column.type, pa.BaseExtensionType):
        return retype(column.storage, kind)
    if types.is_nested(kind):
        return _retype_nested(column, kind)
    if types.is_dictionary(kind):
        words = retype(column.dictionary, kind.value_type)
        return pa.DictionaryArray.from_arrays(column.indices, words, safe=False)
    return _retype_leaf(column, kind)


def with_fields(kind: pa.DataType, fields: list[pa.Field]) -> pa.DataType:
    """Return a nested type with other fields inside."""
    if types.is_struct(kind):
        return pa.struct(fields)
    if types.is_map(kind):
        entries = fields[0].type
        return pa.map_(entries.field(0), entries.field(1), keys_sorted=kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return pa.list_(fields[0], kind.list_size)
    makers: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Field], pa.DataType]], ...] = (
        (types.is_list, pa.list_),
        (types.is_large_list, pa.large_list),
        (types.is_list_view, pa.list_view),
        (types.is_large_list_view, pa.large_list_view),
    )
    for is_it, make in makers:
        if is_it(kind):
            return make(fields[0])
    raise ValueError(f"{kind} cannot be taken apart")


def decimal_width(precision: int) -> int:
    """Return the bytes that Arrow's writer gives a decimal of `precision` digits."""
    n_bytes = 1
    while 10**precision > 1 << (8 * n_bytes - 1):
        n_bytes += 1
    return n_bytes


def _is_nested(kind: pa.BaseExtensionType) -> bool:
    return bool(types.is_nested(kind.storage_type))


def _leaf_type(kind: pa.DataType, leaf: Leaf) -> pa.DataType:
    """Return the type that holds the physical values of a leaf."""
    may_be_bytes = types.is_decimal(kind) or types.is_null(kind)
    if may_be_bytes and leaf.physical == FIXED_BYTES and leaf.length > 0:
        return pa.binary(leaf.length)
    if may_be_bytes and leaf.physical == BYTE_ARRAY:
        return pa.binary()
    if types.is_null(kind) and leaf.physical in _ANY:
        return _ANY[leaf.physical]
    may_be_integers = types.is_decimal(kind) or types.is_integer(kind)
    is_instant = types.is_timestamp(kind) and leaf.physical == INT64
    if leaf.physical in _INTEGERS and (may_be_integers or is_instant):
        return _INTEGERS[leaf.physical]
    raise ValueError(f"{kind} cannot be stored so")


def _retype_leaf(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if types.is_null(column.type):
        return pa.nulls(len(column), kind)
    if types.is_decimal(column.type):
        return _of_decimals(column, kind)
    if types.is_timestamp(column.type) and column.type.unit == "s":
        column = column.cast(pa.timestamp("ms", column.type.tz))
    return column.cast(kind) if types.is_integer(column.type) else column.view(kind)


def _retype_nested(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.offset:  # what lies below is not sliced with it
        column = pa.concat_arrays(
            [column.slice(0, 0), column.take(pa.array(np.arange(len(column))))]
        )
    parts = [kind.field(number).type for number in range(kind.num_fields)]
    if types.is_struct(kind):
        children = [retype(column.field(number), part) for number, part in enumerate(parts)]
    elif types.is_map(kind):
        fields = [column.type.key_field, column.type.item_field]
        entries = pa.StructArray.from_arrays([column.keys, column.items], fields=fields)
        children = [retype(entries, parts[0])]
    else:
        children = [retype(column.values, parts[0])]
    n_own = 1 if types.is_struct(kind) or types.is_fixed_size_list(kind) else 2
    if types.is_list_view(kind) or types.is_large_list_view(kind):
        n_own = 3
    own = column.buffers()[:n_own]
    return pa.Array.from_buffers(kind, len(column), own, column.null_count, 0, children)


def _of_decimals(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return decimals as integers, or as big-endian bytes in two's complement."""
    digits = _big_endian(column)
    is_valid = column.is_valid().to_numpy(zero_copy_only=False)
    digits[~is_valid] = 0
    if types.is_binary(kind):
        return _shortest(digits, is_valid)
    width = kind.byte_width
    fitted = _fitted(digits, width)
    if fitted is None:
        raise ValueError(_unfitting(column, digits, width))
    if types.is_integer(kind):
        fitted = fitted[:, ::-1]
    return pa.Array.from_buffers(
        kind, len(column), [_bitmap(is_valid), pa.py_buffer(np.ascontiguousarray(fitted))]
    )


def _big_endian(column: pa.Array) -> UInt8[np.ndarray, "rows width"]:
    width = column.type.byte_width
    content = np.frombuffer(column.buffers()[1] or b"", np.uint8)
    start = column.offset * width
    rows = content[start : start + len(column) * width].reshape(len(column), width)
    return rows[:, ::-1].copy()


def _fitted(
    digits: UInt8[np.ndarray, "rows width"], width: int
) -> UInt8[np.ndarray, "rows other"] | None:
    """Return the same numbers in `width` bytes; None if one does not fit."""
    sign = np.where(digits[:, :1] >> 7, 255, 0).astype(np.uint8)
    more = width - digits.shape[1]
    if more >= 0:
        return np.concatenate([np.repeat(sign, more, axis=1), digits], axis=1)
    return None if _is_wide(digits, width).any() else digits[:, -more:]


def _is_wide(digits: UInt8[np.ndarray, "rows width"], width: int) -> Bool[np.ndarray, "rows"]:
    """Tell which numbers take more than `width` bytes, which is less than they have."""
    sign = np.where(digits[:, :1] >> 7, 255, 0).astype(np.uint8)
    cut = digits.shape[1] - width
    is_other_sign = (digits[:, cut] ^ sign[:, 0]) >> 7 != 0
    return np.asarray((digits[:, :cut] != sign).any(axis=1) | is_other_sign)


def _unfitting(column: pa.Array, digits: UInt8[np.ndarray, "rows width"], width: int) -> str:
    row = int(np.flatnonzero(_is_wide(digits, width))[0])
    value = int.from_bytes(digits[row].tobytes(), "big", signed=True)
    return f"{value} at a scale of {column.type.scale} takes more than {width} bytes"


def _shortest(
    digits: UInt8[np.ndarray, "rows width"], is_valid: Bool[np.ndarray, "rows"]
) -> pa.Array:
    """Return each number in as few bytes as it takes; a null takes none."""
    sign = np.where(digits[:, :1] >> 7, 255, 0).astype(np.uint8)
    is_redundant = (digits[:, :-1] == sign) & ((digits[:, 1:] ^ sign) >> 7 == 0)
    is_kept = np.ones(digits.shape, bool)
    is_kept[:, :-1] = ~np.logical_and.accumulate(is_redundant, axis=1)
    is_kept &= is_valid[:, None]
    offsets = np.zeros(len(digits) + 1, np.int32)
    np.cumsum(is_kept.sum(axis=1), out=offsets[1:])
    buffers = [_bitmap(is_valid), pa.py_buffer(offsets), pa.py_buffer(digits[is_kept])]
    return pa.Array.from_buffers(pa.binary(), len(digits), buffers)


def _bitmap(is_valid: Bool[np.ndarray, "rows"]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(is_valid, bitorder="little"))
