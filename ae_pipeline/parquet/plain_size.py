"""The bytes that columns take as plain Parquet, as an archive keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.parquet.column_chunks import leaf_sizes
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
        # Leaves of two columns can have one path, as `a.b` of a struct has; numbers have no dots.
        numbered = batch.rename_columns([str(number) for number in range(batch.num_columns)])
        sink = pa.BufferOutputStream()
        options = kept_options(numbered.schema)
        with pq.ParquetWriter(
            sink, numbered.schema, compression="zstd", compression_level=ZSTD_LEVEL, **options
        ) as writer:
            writer.write_batch(numbered, row_group_size=max(len(batch), 1))
        sizes = column_sizes(leaf_sizes(BytesIO(sink.getvalue())), numbered.schema.names)
        for number, name in enumerate(batch.schema.names):
            found[name] += sizes[str(number)] + _FOOTER_BYTES
    return found


def column_sizes(leaves: Mapping[str, int], names: list[str]) -> Counter[str]:
    """Return the bytes of each of these top-level columns, given those of all leaf columns.

    Columns of other names count for none: their bytes are under an empty name.
    """
    found: Counter[str] = Counter()
    for path, size in leaves.items():
        found[_owner(path, names)] += size
    return found


def _owner(path: str, names: list[str]) -> str:
    """Return the top-level column of a leaf; names may hold dots."""
    owners = (name for name in names if f"{path}.".startswith(f"{name}."))
    return max(owners, key=len, default="")
