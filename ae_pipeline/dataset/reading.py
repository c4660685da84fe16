"""Rows of a fragment as a stream of record batches; memory stays flat whatever the file size.

`pre_buffer=False` matters: with it pyarrow holds every byte it has read until the file is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.cancellation import beat
from ae_pipeline.columns import check_unique_names
from ae_pipeline.dataset.fragment import Fragment, Identity
from ae_pipeline.dataset.opening import arrow_name, identity_of, opened
from ae_pipeline.dataset.weight import weight_of
from ae_pipeline.errors import CorruptFragmentError

#: Rows read at a time where a column's values have any length, and bytes as stored.
_LONG_ROWS = 1 << 10
_READ_BYTES = 1 << 26


@dataclass(frozen=True)
class RowGroup:
    """One row group of one fragment."""

    fragment: Fragment
    index: int
    n_rows: int


@dataclass(frozen=True)
class _Opened:
    """An open file, and where Arrow finds it as long as it is open."""

    identity: Identity
    name: str = field(compare=False)


@lru_cache(maxsize=4)
def _read_metadata(file: _Opened) -> pq.FileMetaData:
    """The footer of a file, parsed once: a thousand row groups take tens of milliseconds."""
    return pq.read_metadata(file.name)


@contextmanager
def open_fragment(fragment: Fragment) -> Iterator[pq.ParquetFile]:
    """Open a fragment for streaming; footer and rows are those of one file.

    Raises:
        CorruptFragmentError: empty, truncated, damaged or not Parquet.
        FragmentReplacedError: not the file that was pinned, or changed while it was open.
        SourceNotFoundError: gone, or not ours to read.
    """
    with opened(fragment) as plain:
        name = arrow_name(plain)
        file = pq.ParquetFile(
            name,
            metadata=_read_metadata(_Opened(identity_of(plain), name)),
            pre_buffer=False,
            buffer_size=1 << 18,
            page_checksum_verification=True,
            coerce_int96_timestamp_unit=fragment.int96,
        )
        with file:
            yield file


def read_records(
    fragment: Fragment,
    batch_rows: int,
    columns: Sequence[str] | None = None,
    row_groups: Sequence[int] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a fragment, in order; errors as `open_fragment`."""
    with open_fragment(fragment) as file:
        chosen = list(range(file.num_row_groups)) if row_groups is None else list(row_groups)
        # Arrow cannot join nested dictionaries of two row groups in one batch.
        is_apart = len(chosen) > 1 and any(_holds_dictionary(f.type) for f in file.schema_arrow)
        for groups in [[group] for group in chosen] if is_apart else [chosen]:
            for batch in file.iter_batches(
                batch_size=batch_rows,
                row_groups=groups,
                columns=None if columns is None else list(columns),
                use_threads=False,
            ):
                beat()
                yield batch


def rows_at_once(fragment: Fragment, most: int) -> int:
    """Rows to read at a time: at most so many, fewer where values may be long."""
    with open_fragment(fragment) as file:
        groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
        n_rows, n_bytes = file.metadata.num_rows, sum(group.total_byte_size for group in groups)
        if not all(_is_fixed(field.type) for field in file.schema_arrow):
            most = min(most, _LONG_ROWS)  # a dictionary hides in the file how long they are
    return max(1, min(most, _READ_BYTES * n_rows // max(n_bytes, 1))) if n_rows else most


def rebatch(
    batches: Iterable[pa.RecordBatch], n_rows: int, n_bytes: int | None = None
) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of exactly `n_rows`, the last one shorter.

    So is one that takes `n_bytes` before: rows of long text are fewer.
    """
    waiting: list[pa.RecordBatch] = []
    n_waiting = size_bytes = 0
    for batch in batches:
        waiting.append(batch)
        n_waiting += batch.num_rows
        size_bytes += 0 if n_bytes is None else weight_of(batch)
        while n_waiting >= n_rows:
            table = pa.Table.from_batches(waiting)
            yield _as_batch(table.slice(0, n_rows))
            rest = table.slice(n_rows)
            waiting, n_waiting = rest.to_batches(), rest.num_rows
            size_bytes = 0 if n_bytes is None else sum(map(weight_of, waiting))
        if n_bytes is not None and n_waiting and size_bytes >= n_bytes:
            yield _as_batch(pa.Table.from_batches(waiting))
            waiting, n_waiting, size_bytes = [], 0, 0
    if n_waiting:
        yield _as_batch(pa.Table.from_batches(waiting))


def list_row_groups(fragments: Iterable[Fragment]) -> list[RowGroup]:
    """Every row group that has rows, in order; reads footers only."""
    found = []
    for fragment in fragments:
        with open_fragment(fragment) as file:
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        found += [RowGroup(fragment, index, size) for index, size in enumerate(sizes) if size]
    return found


def _holds_dictionary(kind: pa.DataType) -> bool:
    """Whether a dictionary lies inside a list, map or struct."""
    parts = [kind.field(number).type for number in range(kind.num_fields)]
    return any(pa.types.is_dictionary(part) or _holds_dictionary(part) for part in parts)


def _is_fixed(kind: pa.DataType) -> bool:
    """Whether all values take the same bytes; those of a dictionary are indices."""
    try:
        return kind.bit_width >= 0
    except ValueError:
        return False


def _as_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    if len(batches) > 1:  # Arrow splits a column of strings at 2 GiB
        raise CorruptFragmentError(
            "more than 2 GiB of text or bytes in one batch of rows",
            expected=f"less in {table.num_rows} rows",
            remedy="store such columns as large_string or large_binary",
        )
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def fragment_schema(fragment: Fragment) -> pa.Schema:
    """Arrow schema of one fragment, its column names unique."""
    with open_fragment(fragment) as file:
        schema = file.schema_arrow
    check_unique_names(schema.names, fragment.relative)
    return schema
