"""Write tables: encodings that suit the columns, row groups of sensible size, flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias  # Any: options of Arrow's writer

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.cancellation import beat
from ae_pipeline.parquet.encodings import (
    VECTOR_LEAF,
    Encoding,
    encoding_options,
    measured,
    measured_levels,
)
from ae_pipeline.parquet.form import Form
from ae_pipeline.parquet.physical import retype
from ae_pipeline.parquet.restate import restate
from ae_pipeline.parquet.schema import is_derivable, schema_of_writer
from ae_pipeline.parquet.slim import slim

#: A row group is closed when it reaches either.
_ROW_GROUP_ROWS = 1 << 17
_ROW_GROUP_BYTES = 1 << 25
ZSTD_LEVEL = 3
_COMPRESSION = {"compression": "zstd", "compression_level": ZSTD_LEVEL}
#: Options that decide how the values of a type are stored.
_OPTIONS_OF_TYPES = ("use_deprecated_int96_timestamps",)

Write: TypeAlias = Callable[[pa.RecordBatch], None]


@contextmanager
def table_writer(
    path: Path,
    schema: pa.Schema,
    metadata: Mapping[str, str] | None = None,
    form: Form | None = None,
) -> Iterator[Write]:
    """Write a table to `path`, batch by batch; `publishing` makes such a file whole or absent.

    Floats are stored as byte-stream-split, because a dictionary makes noisy ones larger than they
    are; everything else gets a dictionary, unless another encoding makes the column of the first
    row group smaller. `metadata` may grow until the last batch is written. With a `form` the file
    states that, for the readers of its source.

    Raises:
        OSError: the disk is full or the folder cannot be written.
        ValueError: the form is not one of the schema.
    """
    stored = schema if form is None else form.physical(schema)
    is_arrow = _is_arrow(form)
    options = {} if form is None else _options_of(form, stored)
    # Arrow writes the metadata of a schema only where it stores the schema, too.
    pairs = {} if form is None else form.key_values(schema)
    with ExitStack() as stack:

        def opened(first: pa.Table) -> pq.ParquetWriter:
            usual = _usual_encodings(stored, stored.names, splits_floats=is_arrow)
            kept = {key: options[key] for key in _OPTIONS_OF_TYPES if key in options}
            chosen = measured(first, usual, {**_COMPRESSION, **kept}, is_arrow=is_arrow)
            levels = measured_levels(first, chosen, {**_COMPRESSION, **kept})
            more = {**options, **encoding_options(chosen), **_level_options(levels, stored)}
            writer = stack.enter_context(_open_writer(path, stored, more, metadata, form))
            if pairs:
                writer.add_key_value_metadata(pairs)
            return writer

        buffer = _RowGroupBuffer(opened)
        yield buffer.add if stored is schema else lambda batch: buffer.add(_retyped(batch, stored))
        buffer.close(stored)


@contextmanager
def block_writer(
    path: Path,
    schema: pa.Schema,
    block_column: str,
    metadata: Mapping[str, str],
    form: Form | None = None,
) -> Iterator[Write]:
    """As `table_writer`, but every batch is a row group, and blocks have no statistics.

    The file has the form that Arrow gives it; `form` decides its encodings alone. The Arrow schema
    is stored where it says more than the Parquet schema does.
    """
    plain = [field.name for field in schema if field.name != block_column]
    options = _options(schema, plain, splits_floats=_is_arrow(form))
    options["store_schema"] = not is_derivable(schema)
    writers: list[pq.ParquetWriter] = []
    with ExitStack() as stack:

        def opened(more: Mapping[str, Any]) -> pq.ParquetWriter:
            if not writers:
                writer = _open_writer(
                    path, schema, {**options, **more}, metadata, is_slim=not plain
                )
                writers.append(stack.enter_context(writer))
            return writers[0]

        def write(batch: pa.RecordBatch) -> None:
            beat()
            is_plain = bool(plain) or _is_compressible(batch.column(block_column))
            more = {} if is_plain else {"compression": "none", "compression_level": None}
            opened(more).write_batch(batch, row_group_size=max(len(batch), 1))

        yield write
        opened({})


def _is_compressible(blocks: pa.Array) -> bool:
    """Whether Parquet saves bytes of a block: of many columns that hold next to nothing."""
    content = b"".join(block.as_buffer() for block in blocks[:1] if block.is_valid)
    return len(pa.Codec("zstd", ZSTD_LEVEL).compress(content)) < len(content)


def kept_options(schema: pa.Schema) -> dict[str, Any]:
    """Return options of Arrow's writer for the columns that an archive keeps."""
    return _options(schema, schema.names, splits_floats=True)


def _is_arrow(form: Form | None) -> bool:
    """Whether the source is for readers built on Arrow: Spark knows no byte-stream-split."""
    return form is None or form.stored is not None


def _options(schema: pa.Schema, plain: list[str], *, splits_floats: bool) -> dict[str, Any]:
    """Return options of Arrow's writer; `plain` columns get statistics and maybe a dictionary."""
    return {
        **encoding_options(_usual_encodings(schema, plain, splits_floats=splits_floats)),
        "write_statistics": plain if len(plain) < len(schema) else True,
    }


def _usual_encodings(
    schema: pa.Schema, plain: list[str], *, splits_floats: bool
) -> dict[str, Encoding]:
    """Return the encodings that suit types, by column name or leaf path; the rest are plain."""
    clear = _clear_names(schema)
    floats = [name for name in schema.names if name in clear and _is_float(schema.field(name))]
    vectors = {leaf: kind for leaf, kind in _vector_leaves(schema) if leaf not in schema.names}
    return {
        **dict.fromkeys(
            (name for name in plain if name in clear and _suits_dictionary(schema.field(name))),
            "DICTIONARY",
        ),
        **dict.fromkeys(floats, "BYTE_STREAM_SPLIT" if splits_floats else "PLAIN"),
        **{
            leaf: "BYTE_STREAM_SPLIT" if splits_floats and pa.types.is_floating(kind) else "PLAIN"
            for leaf, kind in vectors.items()
        },
    }


def _level_options(levels: Mapping[str, int], schema: pa.Schema) -> dict[str, Any]:
    """Return options for levels of some leaves: Arrow wants those of all others, too."""
    if not levels:
        return {}
    leaves = schema_of_writer(schema)[0].leaves
    usual = {".".join(leaf.path): ZSTD_LEVEL for leaf in leaves}
    return {"compression_level": {**usual, **levels}}


def _options_of(form: Form, stored: pa.Schema) -> dict[str, Any]:
    """Return options for a form: statistics only where its annotations sort values alike."""
    written, _ = schema_of_writer(stored, has_int96=form.schema.has_int96)
    pairs = list(zip(written.leaves, form.schema.leaves, strict=True))
    sorted_alike = [".".join(one.path) for one, other in pairs if one.order == other.order]
    return {
        "store_schema": False,
        "use_deprecated_int96_timestamps": form.schema.has_int96,
        "write_statistics": True if len(sorted_alike) == len(pairs) else sorted_alike,
    }


@contextmanager
def _open_writer(
    path: Path,
    schema: pa.Schema,
    options: Mapping[str, Any],
    metadata: Mapping[str, str] | None,
    form: Form | None = None,
    *,
    is_slim: bool = False,
) -> Iterator[pq.ParquetWriter]:
    """Open a writer; once it is closed, the footer states the form, and no more if it is slim."""
    writer = pq.ParquetWriter(path, schema, write_page_checksum=True, **{**_COMPRESSION, **options})
    with writer:
        yield writer
        if metadata:
            writer.add_key_value_metadata(dict(metadata))
    if form is not None:
        restate(path, form.schema)
    if is_slim:
        slim(path)


def _retyped(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the physical values of a batch in the types of a schema."""
    columns = [
        retype(column, field.type) for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


class _RowGroupBuffer:
    """Collect batches until they fill a row group."""

    def __init__(self, open_writer: Callable[[pa.Table], pq.ParquetWriter]) -> None:
        self._open = open_writer
        self._writer: pq.ParquetWriter | None = None
        self._batches: list[pa.RecordBatch] = []
        self._n_rows = 0
        self._n_bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch; write a row group once it is full."""
        beat()
        self._batches.append(batch)
        self._n_rows += batch.num_rows
        self._n_bytes += batch.nbytes
        if self._n_rows >= _ROW_GROUP_ROWS or self._n_bytes >= _ROW_GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are left."""
        if self._n_rows:
            table = pa.Table.from_batches(self._batches)
            self._writer = self._writer or self._open(table)
            self._writer.write_table(table, row_group_size=max(self._n_rows, 1))
        self._batches, self._n_rows, self._n_bytes = [], 0, 0

    def close(self, schema: pa.Schema) -> None:
        """Write what is left; a table without rows is written, too."""
        self.flush()
        self._writer = self._writer or self._open(schema.empty_table())


def _clear_names(schema: pa.Schema) -> set[str]:
    """Return names that are no path into a nested column, as `a.b` is beside a struct `a`."""
    prefixes = tuple(f"{field.name}." for field in schema if pa.types.is_nested(field.type))
    return {name for name in schema.names if not name.startswith(prefixes)}


def _suits_dictionary(field: pa.Field) -> bool:
    return not (_is_float(field) or pa.types.is_nested(field.type))


def _is_float(field: pa.Field) -> bool:
    return bool(pa.types.is_floating(field.type))


def _vector_leaves(schema: pa.Schema) -> list[tuple[str, pa.DataType]]:
    """Return the Parquet leaf paths of fixed-size vectors of numbers, with the numbers' types."""
    vectors = [field for field in schema if pa.types.is_fixed_size_list(field.type)]
    kinds = [(field.name + VECTOR_LEAF, field.type.value_type) for field in vectors]
    types = pa.types
    return [one for one in kinds if types.is_floating(one[1]) or types.is_integer(one[1])]
