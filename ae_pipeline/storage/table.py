"""Writing tables: encodings that suit the columns, row groups of sensible size, flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.publish import publishing
from ae_pipeline.source.pulse import beat
from ae_pipeline.storage.form import Form
from ae_pipeline.storage.parquet_schema import schema_of_writer
from ae_pipeline.storage.physical import retype
from ae_pipeline.storage.restate import restate

#: A row group is closed when it reaches either.
_ROW_GROUP_ROWS = 1 << 17
_ROW_GROUP_BYTES = 1 << 25
_ZSTD_LEVEL = 3

Write: TypeAlias = Callable[[pa.RecordBatch], None]


@contextmanager
def table_writer(
    path: Path, schema: pa.Schema, metadata: Mapping[str, str] | None = None
) -> Iterator[Write]:
    """Write a table batch by batch; it appears at `path` whole or not at all.

    Floats go as byte-stream-split, because a dictionary makes noisy ones larger than they are;
    everything else gets a dictionary. `metadata` may be filled until the last batch is written.

    Raises:
        DestinationError: the disk is full or the folder cannot be written.
    """
    with _open_writer(path, schema, [field.name for field in schema], metadata) as writer:
        buffer = _RowGroupBuffer(writer)
        yield buffer.add
        buffer.flush()


@contextmanager
def block_writer(
    path: Path, schema: pa.Schema, block_column: str, metadata: Mapping[str, str]
) -> Iterator[Write]:
    """As `table_writer`, but every batch is a row group, and blocks have no statistics."""
    plain = [field.name for field in schema if field.name != block_column]
    with _open_writer(path, schema, plain, metadata) as writer:

        def write(batch: pa.RecordBatch) -> None:
            beat()
            writer.write_batch(batch, row_group_size=max(len(batch), 1))

        yield write


@contextmanager
def _open_writer(
    path: Path, schema: pa.Schema, plain: list[str], metadata: Mapping[str, str] | None
) -> Iterator[pq.ParquetWriter]:
    """A writer that publishes; `plain` columns get statistics and, if they suit, a dictionary."""
    clear = _clear_names(schema)
    suited = [name for name in plain if name in clear and _suits_dictionary(schema.field(name))]
    with publishing(path) as temporary:
        writer = pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            use_dictionary=suited,
            use_byte_stream_split=[
                *(name for name in schema.names if name in clear and _is_float(schema.field(name))),
                *(leaf for leaf in _vector_leaves(schema) if leaf not in schema.names),
            ],
            write_statistics=plain if len(plain) < len(schema) else True,
            write_page_checksum=True,
        )
        with writer:
            yield writer
            if metadata:
                writer.add_key_value_metadata(dict(metadata))


class _RowGroupBuffer:
    """Collects batches until they make a row group."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._batches: list[pa.RecordBatch] = []
        self._n_rows = 0
        self._n_bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch; write a row group if there is enough."""
        beat()
        self._batches.append(batch)
        self._n_rows += batch.num_rows
        self._n_bytes += batch.nbytes
        if self._n_rows >= _ROW_GROUP_ROWS or self._n_bytes >= _ROW_GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is left."""
        if self._n_rows:
            table = pa.Table.from_batches(self._batches)
            self._writer.write_table(table, row_group_size=max(self._n_rows, 1))
        self._batches, self._n_rows, self._n_bytes = [], 0, 0


def _clear_names(schema: pa.Schema) -> set[str]:
    """Names that Parquet does not take for a path into a nested column: `a.b` beside struct `a`."""
    prefixes = tuple(f"{field.name}." for field in schema if pa.types.is_nested(field.type))
    return {name for name in schema.names if not name.startswith(prefixes)}


def _suits_dictionary(field: pa.Field) -> bool:
    return not (_is_float(field) or pa.types.is_nested(field.type))


def _is_float(field: pa.Field) -> bool:
    return bool(pa.types.is_floating(field.type))


def _vector_leaves(schema: pa.Schema) -> list[str]:
    """Parquet leaf paths of fixed-size float vectors."""
    return [
        f"{field.name}.list.element"
        for field in schema
        if pa.types.is_fixed_size_list(field.type) and pa.types.is_floating(field.type.value_type)
    ]
