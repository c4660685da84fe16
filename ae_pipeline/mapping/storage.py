"""Types that are stored as another one: strings as bytes, dictionaries as values, lists as lists.

Mappings are written for one type of each family; the others are converted to it and back.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from ae_pipeline.mapping.raw import validity
from ae_pipeline.mapping.strings.byte_rows import BINARY

_START_32, _START_64 = np.dtype(np.int32), np.dtype(np.int64)


def storage_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that values are stored as; the same one if they are not converted."""
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    if types.is_dictionary(kind):
        return kind.value_type if _is_encodable(kind.value_type) else kind
    if is_string(kind):
        return BINARY
    if types.is_map(kind):
        return pa.large_list(pa.struct([kind.key_field, kind.item_field]))
    if _is_list(kind):
        return pa.large_list(kind.value_field)
    return kind


def is_string(kind: pa.DataType) -> bool:
    """Whether values are strings or bytes."""
    is_bytes = types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return is_bytes or is_text or types.is_fixed_size_binary(kind)


def _is_list(kind: pa.DataType) -> bool:
    is_view = types.is_list_view(kind) or types.is_large_list_view(kind)
    return types.is_list(kind) or is_view or types.is_fixed_size_list(kind)


def _is_encodable(kind: pa.DataType) -> bool:
    """Whether Arrow encodes values of a type as a dictionary."""
    is_view = types.is_string_view(kind) or types.is_binary_view(kind)
    return (types.is_primitive(kind) or types.is_decimal(kind) or is_string(kind)) and not is_view


def to_storage(array: pa.Array) -> pa.Array:
    """Convert values to their storage type."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return array.storage
    if types.is_dictionary(kind):
        return array.dictionary_decode() if _is_encodable(kind.value_type) else array
    if is_string(kind):
        return array.cast(BINARY)
    if types.is_map(kind):
        return _large_list(_list_of_map(array))
    return _large_list(array) if _is_list(kind) else array


def _list_of_map(array: pa.Array) -> pa.Array:
    """View maps as lists of entries; Arrow's cast forgets where slices of some types begin."""
    kind = pa.list_(storage_type(array.type).value_field)
    buffers, entries = array.buffers()[:2], [array.values]
    return pa.Array.from_buffers(kind, len(array), buffers, offset=array.offset, children=entries)


def _large_list(array: pa.Array) -> pa.Array:
    """Convert any lists; values of null ones are lost."""
    lengths = pc.list_value_length(array).fill_null(0).to_numpy().astype(np.int64)
    kind = pa.large_list(array.type.value_field)
    return lists_of(kind, lengths, array.flatten(), validity(array))


def lists_of(
    kind: pa.DataType, lengths: np.ndarray, values: pa.Array, is_valid: np.ndarray
) -> pa.Array:
    """Build lists of type `list`, `large_list` or `map` from one array of all values.

    Raises:
        ValueError: the type cannot hold as many values.
    """
    start = _START_64 if types.is_large_list(kind) else _START_32
    if len(values) > np.iinfo(start).max:
        raise ValueError(f"{len(values)} values do not fit {kind}")
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]).astype(start)
    buffers = [bitmap(is_valid), pa.py_buffer(starts)]
    return pa.Array.from_buffers(kind, len(lengths), buffers, children=[values])


def bitmap(is_valid: np.ndarray) -> pa.Buffer | None:
    """Return a validity bitmap as Arrow stores it; None if all are valid."""
    if is_valid.all():
        return None
    return pa.py_buffer(np.packbits(is_valid, bitorder="little").tobytes())


def from_storage(stored: pa.Array, kind: pa.DataType) -> pa.Array:
    """Invert `to_storage`.

    Raises:
        ValueError: the values do not fit the type.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return kind.wrap_array(stored)
    if types.is_dictionary(kind):
        return _encode(stored, kind)
    if is_string(kind):
        return _from_binary(stored, kind)
    return _from_lists(stored, kind) if types.is_map(kind) or _is_list(kind) else stored


def _encode(values: pa.Array, kind: pa.DataType) -> pa.Array:
    encoded = values.dictionary_encode()
    indices = encoded.indices.cast(kind.index_type)
    return pa.DictionaryArray.from_arrays(indices, encoded.dictionary, ordered=kind.ordered)


def _from_binary(stored: pa.Array, kind: pa.DataType) -> pa.Array:
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    if is_text:
        # Not by a cast, which refuses text that is not UTF-8: columns may hold it all the same.
        buffers, offset = stored.buffers(), stored.offset
        stored = pa.Array.from_buffers(pa.large_string(), len(stored), buffers, offset=offset)
    return stored.cast(kind)


def _from_lists(stored: pa.Array, kind: pa.DataType) -> pa.Array:
    lengths = pc.list_value_length(stored).fill_null(0).to_numpy().astype(np.int64)
    is_valid, values = validity(stored), stored.flatten()
    if types.is_list(kind) or types.is_map(kind):
        return lists_of(kind, lengths, values, is_valid)
    if types.is_fixed_size_list(kind):
        return _fixed_size(kind, lengths, values, is_valid)
    start = _START_32 if types.is_list_view(kind) else _START_64
    if len(values) > np.iinfo(start).max:
        raise ValueError(f"{len(values)} values do not fit {kind}")
    starts = (np.cumsum(lengths) - lengths).astype(start)
    buffers = [bitmap(is_valid), pa.py_buffer(starts), pa.py_buffer(lengths.astype(start))]
    return pa.Array.from_buffers(kind, len(lengths), buffers, children=[values])


def _fixed_size(
    kind: pa.DataType, lengths: np.ndarray, values: pa.Array, is_valid: np.ndarray
) -> pa.Array:
    size = kind.list_size
    if (lengths[is_valid] != size).any():
        raise ValueError(f"a list of another size than {size}")
    if not is_valid.all():
        values = spread(values, np.repeat(is_valid, size), is_nullable=kind.value_field.nullable)
    return pa.Array.from_buffers(kind, len(lengths), [bitmap(is_valid)], children=[values])


def spread(present: pa.Array, is_valid: np.ndarray, *, is_nullable: bool = True) -> pa.Array:
    """Spread values of any type over the rows that are valid, nulls over the rest.

    Args:
        present: values of the valid rows.
        is_valid: which rows they are.
        is_nullable: else the rest hold some of the values, which a null above them hides.
    """
    if is_valid.all():
        return present
    if not len(present):
        return pa.nulls(len(is_valid), present.type)
    places = np.maximum(np.cumsum(is_valid) - 1, 0)
    try:
        return present.take(pa.array(places, mask=~is_valid if is_nullable else None))
    except pa.ArrowNotImplementedError:
        nothing = pa.nulls(len(is_valid), present.type)
        first = np.cumsum(is_valid) - is_valid
        runs = [
            present[first[start] : first[start] + end - start]
            if is_valid[start]
            else nothing[start:end]
            for start, end in _runs(is_valid)
        ]
        return pa.concat_arrays(runs)


def compact(array: pa.Array, is_valid: np.ndarray) -> pa.Array:
    """Invert `spread`."""
    if is_valid.all():
        return array
    try:
        return array.filter(pa.array(is_valid))
    except pa.ArrowNotImplementedError:
        runs = [array[start:end] for start, end in _runs(is_valid) if is_valid[start]]
        return pa.concat_arrays([array[:0], *runs])


def _runs(is_valid: np.ndarray) -> list[tuple[int, int]]:
    """Return begin and end of all runs of equal rows."""
    ends = [*(np.flatnonzero(np.diff(is_valid)) + 1).tolist(), len(is_valid)]
    return list(zip([0, *ends[:-1]], ends, strict=True))
