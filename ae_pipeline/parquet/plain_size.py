"""The bytes that columns take as plain Parquet, as an archive keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.parquet.writing import ZSTD_LEVEL, kept_options

#: What a footer says of one column chunk, at least.
_FOOTER_BYTES = 100


def plain_sizes(batches: Iterable[pa.RecordBatch]) -> Counter[str]:
    """Return the bytes of each top-level column, one row group per batch, in memory.

    Raises:
        pa.ArrowException: Parquet cannot hold a type.
    """
    found: Counter[str] = Counter()
    for batch in batches:
        sink = pa.BufferOutputStream()
        options = kept_options(batch.schema)
        with pq.ParquetWriter(
            sink, batch.schema, compression="zstd", compression_level=ZSTD_LEVEL, **options
        ) as writer:
            writer.write_batch(batch, row_group_size=max(len(batch), 1))
        found += chunk_sizes(pq.read_metadata(pa.BufferReader(sink.getvalue())), batch.schema.names)
    return found


def chunk_sizes(metadata: pq.FileMetaData, names: list[str]) -> Counter[str]:
    """Return the bytes of each of these top-level columns, with their part of the footer.

    Columns of other names count for none: their bytes are under an empty name.
    """
    found: Counter[str] = Counter()
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            name = _owner(chunk.path_in_schema, names)
            found[name] += chunk.total_compressed_size + _FOOTER_BYTES
    return found


def _owner(path: str, names: list[str]) -> str:
    """Return the top-level column of a leaf; names may hold dots."""
    owners = (name for name in names if f"{path}.".startswith(f"{name}."))
    return max(owners, key=len, default="")
