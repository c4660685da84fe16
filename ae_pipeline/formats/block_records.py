"""Source records to archive records and back: kept columns, and the block in the first row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from ae_pipeline.errors import CorruptFragmentError

BLOCK_COLUMN = "ae:block"


@contextmanager
def damage_in(where: str, group: int) -> Iterator[None]:
    """Turn any error from damaged bytes into a `CorruptFragmentError` that names the row group."""
    try:
        yield
    except (KeyError, ValueError, IndexError, pa.ArrowException) as error:
        raise damaged(str(error), where, group) from error


def damaged(got: str, where: str, group: int) -> CorruptFragmentError:
    """Return the error of a damaged block."""
    return CorruptFragmentError(
        "encoded block is damaged",
        where=f"{where}, row group {group}",
        got=got,
        remedy="encode it again from the source, or restore the file",
    )


def block_of(records: pa.RecordBatch, is_first: bool) -> bytes:
    """Return a row group's block; ValueError unless it lies in the first row alone."""
    blocks = records.column(BLOCK_COLUMN)
    if blocks.type != pa.binary():
        raise ValueError(f"blocks are {blocks.type}, not binary")
    if blocks.null_count != len(blocks) - is_first or blocks[0].is_valid != is_first:
        raise ValueError("the block is not in the first row alone")
    content: bytes = blocks[0].as_py() or b""
    return content


def compose_from(
    records: pa.RecordBatch, coded: Mapping[str, pa.Array], start: int, schema: pa.Schema
) -> pa.RecordBatch:
    """Compose rows of the source's schema from kept columns and coded ones from row `start` on."""
    columns = [
        coded[name].slice(start, len(records)) if name in coded else records.column(name)
        for name in schema.names
    ]
    for column, field in zip(columns, schema, strict=True):
        if column.type != field.type:  # Arrow would cast it
            raise ValueError(f"column {field.name} is {column.type}")
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def archive_schema(source: pa.Schema, coded: Collection[str]) -> pa.Schema:
    """Return a schema of all columns but those coded, in the fragment's order, then the blocks."""
    fields = [field for field in source if field.name not in coded]
    return pa.schema([*fields, pa.field(BLOCK_COLUMN, pa.binary())])


def with_block(records: pa.RecordBatch, content: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """Return the kept columns with the block in the first row."""
    offsets = np.full(len(records) + 1, len(content), np.int32)
    offsets[0] = 0
    validity = np.zeros((len(records) + 7) // 8, np.uint8)
    validity[:1] = 1
    buffers = [pa.py_buffer(validity), pa.py_buffer(offsets), pa.py_buffer(content)]
    block = pa.Array.from_buffers(pa.binary(), len(records), buffers)
    kept = [records.column(name) for name in schema.names[:-1]]
    return pa.RecordBatch.from_arrays([*kept, block], schema=schema)
