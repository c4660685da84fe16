"""Whether two columns hold the same bits: NaN payloads and signs of zero count, what lies under
nulls, how a column is sliced, and in which order a dictionary lists its values do not.
"""  # noqa: D205

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types


def same_bits(ours: pa.Array, theirs: pa.Array) -> bool:
    """Whether both columns have the same nulls and the same values, bit for bit."""
    ours, theirs = _storage(ours), _storage(theirs)
    if ours.type != theirs.type or len(ours) != len(theirs):
        return False
    if types.is_struct(theirs.type):
        return _same_nulls(ours, theirs) and _same_children(ours, theirs)
    if _is_list(theirs.type):
        return _same_lengths(ours, theirs) and same_bits(ours.flatten(), theirs.flatten())
    return bool(ours.equals(theirs))


def _storage(column: pa.Array) -> pa.Array:
    """The same values in a type whose equality is that of bits.

    Floats become integers, because NaN differs from itself and -0 equals 0; a dictionary its
    values, a map the list of its entries, an extension what it is stored as.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _storage(column.storage)
    if types.is_dictionary(kind):
        return _storage(column.dictionary_decode())
    if types.is_map(kind):
        return column.view(pa.list_(pa.struct([kind.key_field, kind.item_field])))
    if types.is_floating(kind):
        return column.view({16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[kind.bit_width])
    return column


def _same_nulls(ours: pa.Array, theirs: pa.Array) -> bool:
    return bool(ours.is_null().equals(theirs.is_null()))


def _same_children(ours: pa.StructArray, theirs: pa.StructArray) -> bool:
    """Structs of the same nulls; `flatten` makes their children null where they are."""
    return all(map(same_bits, ours.flatten(), theirs.flatten()))


def _same_lengths(ours: pa.Array, theirs: pa.Array) -> bool:
    """Lengths of lists, null where the list is; `flatten` leaves out what lies under nulls."""
    return bool(pc.list_value_length(ours).equals(pc.list_value_length(theirs)))


def _is_list(kind: pa.DataType) -> bool:
    """Whether rows are lists of any sort that Parquet has."""
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))
