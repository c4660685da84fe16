"""The weight of rows: their bytes in memory, by which the row groups of an archive are cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from ae_pipeline.errors import CorruptFragmentError

#: The least that a value in a list takes while Parquet's pages become a list: an item of 8 bits is
#: read as 32, and has two levels of 16.
_ITEM_BYTES = 8
#: A row cannot be cut, and readers of an archive refuse twice as much.
_MOST_ROW_BYTES = 1 << 30


def weight_of(records: pa.RecordBatch) -> int:
    """Return the bytes of rows; a dictionary is shared by many batches and not counted."""
    return sum(_weight(column) for column in records.columns)


def cut(batches: Iterable[pa.RecordBatch], most_bytes: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches that weigh at most `most_bytes`, or have one row.

    Raises:
        CorruptFragmentError: a row weighs more than a GiB.
    """
    for batch in batches:
        weight = weight_of(batch)
        if weight <= most_bytes:
            yield batch
        elif len(batch) > 1:
            half = len(batch) // 2
            yield from cut((batch.slice(0, half), batch.slice(half)), most_bytes)
        elif weight > _MOST_ROW_BYTES:
            raise CorruptFragmentError(
                "a row of more than 1 GiB",
                expected=f"at most {_MOST_ROW_BYTES} bytes",
                got=str(weight),
                remedy="keep such values in files of their own",
            )
        else:
            yield batch


def leaves(array: pa.Array) -> Iterator[pa.Array]:
    """Yield the leaf arrays inside lists, maps and structs, of these rows alone."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        yield from leaves(array.storage)
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            yield from leaves(array.field(number))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        offsets = array.offsets
        start, stop = (offsets[0].as_py(), offsets[-1].as_py()) if len(array) else (0, 0)
        yield from leaves(array.values.slice(start, stop - start))
    elif pa.types.is_nested(kind):
        yield from leaves(array.flatten())
    else:
        yield array


def _weight(column: pa.Array) -> int:
    if pa.types.is_dictionary(column.type):
        return int(column.indices.nbytes)
    if not pa.types.is_nested(column.type):
        return int(column.nbytes)
    return int(column.nbytes) + _ITEM_BYTES * sum(map(len, leaves(column)))
