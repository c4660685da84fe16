"""The archive's coder: one binary block per row group beside the kept columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec
from ae_pipeline.columns import TableSchema
from ae_pipeline.dataset import Fragment, cut, open_fragment, read_records, rebatch, rows_at_once
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.parquet import block_writer, check_keepable, check_structure, column_bytes
from ae_pipeline.storage import WHOLE, Footer, Part, read_bounded

BLOCK_COLUMN = "ae:block"
#: Rows of long text make shorter blocks, so that memory stays flat.
_BLOCK_BYTES = 1 << 27


@dataclass(frozen=True)
class ArchiveFormat:
    """Encodes within the tolerances of its codec and decodes the same bits everywhere.

    Args:
        codec: schema, tolerances and, where it pays, a network.
    """

    codec: ArchiveCodec
    kind: Literal["archive"] = "archive"

    @property
    def codec_id(self) -> str:
        """The codec in use."""
        return self.codec.id

    @property
    def schema(self) -> TableSchema:
        """Of the source the codec was fitted to."""
        return self.codec.schema

    @property
    def unit(self) -> Float64[np.ndarray, "features"]:
        """Standard deviation of each column at fit time."""
        return self.codec.std

    @property
    def extra(self) -> dict[str, str]:
        """Nothing: the codec decides everything."""
        return {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """None: every value keeps its promise."""
        return ()

    def write(
        self, fragment: Fragment, path: Path, footer: Footer, arrow: pa.Schema
    ) -> tuple[str, ...]:
        """Write the encoded fragment, its bytes by part in the footer."""
        schema = archive_schema(arrow, self.codec.schema)
        ledger: Counter[str] = Counter()
        metadata: dict[str, str] = {}
        form = footer.source_form(self.codec.schema, fragment.relative)
        with block_writer(path, schema, BLOCK_COLUMN, metadata, form) as write:
            n_rows = self.codec.block_rows
            read = read_records(fragment, rows_at_once(fragment, n_rows))
            n_done = 0
            for records in rebatch(cut(read, _BLOCK_BYTES), n_rows, _BLOCK_BYTES):
                check_keepable(records, fragment.relative, n_done)
                n_done += len(records)
                block = self.codec.encode(records)
                ledger.update(block.ledger())
                write(_with_block(records, block.to_bytes(), schema))
            metadata.update(replace(footer, ledger=dict(ledger)).to_metadata())
        return ()

    def read(
        self, fragment: Fragment, footer: Footer, n_rows: int, part: Part = WHOLE
    ) -> Iterator[pa.RecordBatch]:
        """Decode the source's columns, in its schema and order, at most `n_rows` at a time.

        Raises:
            CorruptFragmentError: a block is absent or damaged.
            ConfigError: a row group of `part` does not exist.
        """
        schema = part.schema_of(footer.source_schema(self.codec.schema, fragment.relative))
        stored = self._stored(part, schema)
        with open_fragment(fragment) as file:
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        for group, size in part.groups_of(sizes, fragment.relative):
            if size > MOST_ROWS:
                raise _damaged(f"{size} rows, more than {MOST_ROWS}", fragment.relative, group)
            batches = read_bounded(fragment, group, max(min(size, n_rows), 1), stored)
            yield from self._decode(batches, schema, size, fragment.relative, group)

    def payload_bytes(self, leaves: Mapping[str, int], footer: Footer) -> int:
        """Stored bytes of the blocks."""
        return column_bytes(leaves, BLOCK_COLUMN)

    def _stored(self, part: Part, schema: pa.Schema) -> list[str] | None:
        """Columns of the archive that the wanted ones are decoded from; None for all."""
        if part.columns is None:
            return None
        features = set(self.codec.schema.features)
        kept = [name for name in schema.names if name not in features]
        return kept if len(kept) == len(schema) else [*kept, BLOCK_COLUMN]

    def _decode(
        self,
        batches: Iterator[pa.RecordBatch],
        schema: pa.Schema,
        size: int,
        where: str,
        group: int,
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a row group of so many, batch by batch as they are stored."""
        needs_block = not set(schema.names).isdisjoint(self.codec.schema.features)
        features: Mapping[str, pa.Array] = {}
        start = 0
        for records in batches:
            with _damage_in(where, group):
                check_structure(records)  # damage can leave indices beyond their dictionary
                if needs_block:
                    content = _block_of(records, is_first=not start)
                    features = features or self._features(content, size, schema.names)
                composed = _compose(records, features, start, schema)
            yield composed
            start += len(records)

    def _features(self, content: bytes, size: int, names: list[str]) -> dict[str, pa.Array]:
        """The wanted feature columns of a row group; ValueError if they have other rows."""
        features = self.codec.decode(content, size, names)
        for column in features.values():
            if len(column) != size:
                raise ValueError(f"a block of {len(column)} rows in a row group of {size}")
        return features


@contextmanager
def _damage_in(where: str, group: int) -> Iterator[None]:
    """Damage by name, whatever notices it."""
    try:
        yield
    except (KeyError, ValueError, IndexError, pa.ArrowException) as error:
        raise _damaged(str(error), where, group) from error


def _damaged(got: str, where: str, group: int) -> CorruptFragmentError:
    return CorruptFragmentError(
        "encoded block is damaged",
        where=f"{where}, row group {group}",
        got=got,
        remedy="encode it again from the source, or restore the file",
    )


def _block_of(records: pa.RecordBatch, is_first: bool) -> bytes:
    """The block of a row group, in its first row alone; ValueError if it is not so."""
    blocks = records.column(BLOCK_COLUMN)
    if blocks.type != pa.binary():
        raise ValueError(f"blocks are {blocks.type}, not binary")
    if blocks.null_count != len(blocks) - is_first or blocks[0].is_valid != is_first:
        raise ValueError("the block is not in the first row alone")
    content: bytes = blocks[0].as_py() or b""
    return content


def _compose(
    records: pa.RecordBatch, features: Mapping[str, pa.Array], start: int, schema: pa.Schema
) -> pa.RecordBatch:
    """Rows of the source's schema: kept columns, and features from their row `start`."""
    columns = [
        features[name].slice(start, len(records)) if name in features else records.column(name)
        for name in schema.names
    ]
    for column, field in zip(columns, schema, strict=True):
        if column.type != field.type:  # Arrow would cast it
            raise ValueError(f"column {field.name} is {column.type}")
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def archive_schema(source: pa.Schema, roles: TableSchema) -> pa.Schema:
    """The fragment's kept columns, all that are no features, in their order; then the blocks."""
    features = set(roles.features)
    fields = [field for field in source if field.name not in features]
    return pa.schema([*fields, pa.field(BLOCK_COLUMN, pa.binary())])


def _with_block(records: pa.RecordBatch, content: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """The kept columns, and the block in the first row."""
    offsets = np.full(len(records) + 1, len(content), np.int32)
    offsets[0] = 0
    validity = np.zeros((len(records) + 7) // 8, np.uint8)
    validity[:1] = 1
    buffers = [pa.py_buffer(validity), pa.py_buffer(offsets), pa.py_buffer(content)]
    block = pa.Array.from_buffers(pa.binary(), len(records), buffers)
    kept = [records.column(name) for name in schema.names[:-1]]
    return pa.RecordBatch.from_arrays([*kept, block], schema=schema)
