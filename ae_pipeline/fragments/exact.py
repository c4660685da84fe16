"""Whether two columns hold the same bits: NaN payloads and signs of zero count, what lies under
nulls, how a column is sliced, and in which order a dictionary lists its values do not.
"""  # noqa: D205

from __future__ import annotations

from typing import Any  # of any width

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool
from pyarrow import types


def same_bits(ours: pa.Array, theirs: pa.Array) -> bool:
    """Return whether both columns have the same nulls and the same values, bit for bit."""
    ours, theirs = _storage(ours), _storage(theirs)
    if ours.type != theirs.type or len(ours) != len(theirs):
        return False
    if types.is_union(theirs.type):
        return _same_union(ours, theirs)
    if types.is_struct(theirs.type):
        return _same_nulls(ours, theirs) and _same_children(ours, theirs)
    if _is_list(theirs.type):
        return _same_lengths(ours, theirs) and same_bits(ours.flatten(), theirs.flatten())
    return bool(ours.equals(theirs))


def _storage(column: pa.Array) -> pa.Array:
    """Return the same values in a type that compares bit for bit.

    Floats become integers, because NaN differs from itself and -0 equals 0. Dictionaries and runs
    become their values, a map the list of its entries, an extension its storage.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _storage(column.storage)
    if types.is_dictionary(kind):
        return _storage(column.dictionary.take(column.indices))
    if types.is_run_end_encoded(kind):
        return _storage(_unrolled(column))
    if types.is_map(kind):
        return _entries(column)
    if types.is_floating(kind):
        return column.view({16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[kind.bit_width])
    return column


def _entries(column: pa.MapArray) -> pa.ListArray:
    """Return a map as the list of its entries; `view` would crash where a part has no buffers."""
    fields = [column.type.key_field, column.type.item_field]
    entries = pa.StructArray.from_arrays([column.keys, column.items], fields=fields)
    kind, own = pa.list_(pa.struct(fields)), column.buffers()[:2]
    return pa.Array.from_buffers(kind, len(column), own, offset=column.offset, children=[entries])


def _unrolled(column: pa.RunEndEncodedArray) -> pa.Array:
    """Return the value of every row; Arrow's own decoding does not support nested values."""
    ends = column.run_ends.to_numpy(zero_copy_only=False)
    rows = np.arange(column.offset, column.offset + len(column))
    return column.values.take(pa.array(np.searchsorted(ends, rows, side="right")))


def _same_nulls(ours: pa.Array, theirs: pa.Array) -> bool:
    return bool(ours.is_null().equals(theirs.is_null()))


def _same_children(ours: pa.StructArray, theirs: pa.StructArray) -> bool:
    """Return whether structs of the same nulls have the same children, apart from under nulls."""
    is_valid = theirs.is_valid().to_numpy(zero_copy_only=False)
    return all(
        same_bits(_child(ours, number, is_valid), _child(theirs, number, is_valid))
        for number in range(theirs.type.num_fields)
    )


def _child(column: pa.StructArray, number: int, is_valid: Bool[np.ndarray, "rows"]) -> pa.Array:
    """Return a child with its parent's nulls, or without those rows where it cannot be null."""
    child = column.field(number)
    if is_valid.all():
        return child
    if types.is_union(child.type) or types.is_run_end_encoded(child.type):
        return _where(child, is_valid)
    return column.flatten()[number]


def _same_union(ours: pa.UnionArray, theirs: pa.UnionArray) -> bool:
    """Return whether rows are of the same members, and each member has the same values."""
    codes = _integers(theirs, 1, np.int8)
    if not np.array_equal(_integers(ours, 1, np.int8), codes):
        return False
    return all(
        same_bits(_member(ours, number, codes == code), _member(theirs, number, codes == code))
        for number, code in enumerate(theirs.type.type_codes)
    )


def _member(column: pa.UnionArray, number: int, is_its: Bool[np.ndarray, "rows"]) -> pa.Array:
    """Return the values of the rows that belong to one member of a union."""
    if column.type.mode == "sparse":
        return _where(column.field(number), is_its)
    places = _integers(column, 2, np.int32)[is_its]
    return _storage(column.field(number)).take(pa.array(places))


def _integers(column: pa.UnionArray, number: int, kind: type[np.integer[Any]]) -> np.ndarray:
    """Return one buffer for the union's rows: Arrow's accessors forget how it is sliced."""
    content = np.frombuffer(column.buffers()[number] or b"", kind)
    return content[column.offset : column.offset + len(column)]


def _where(column: pa.Array, is_wanted: Bool[np.ndarray, "rows"]) -> pa.Array:
    """Return the wanted rows of a column, in a type that Arrow can filter."""
    if is_wanted.all():
        return column
    return _storage(column).take(pa.array(np.flatnonzero(is_wanted)))


def _same_lengths(ours: pa.Array, theirs: pa.Array) -> bool:
    """Return whether lists have the same lengths and nulls; `flatten` skips rows under nulls."""
    return bool(pc.list_value_length(ours).equals(pc.list_value_length(theirs)))


def _is_list(kind: pa.DataType) -> bool:
    """Return whether rows are lists of any sort."""
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )
