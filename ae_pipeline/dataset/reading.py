"""Rows of a fragment as a stream of record batches; memory stays flat whatever the file size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.blocks import cut, weight_of
from ae_pipeline.cancellation import beat
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.opening import open_fragment
from ae_pipeline.dataset.partial import open_footer, open_part
from ae_pipeline.errors import CorruptFragmentError

#: Most rows to read at a time where values may be of any length, and most bytes as stored.
_LONG_ROWS = 1 << 10
_READ_BYTES = 1 << 26


@dataclass(frozen=True)
class RowGroup:
    """One row group of one fragment."""

    fragment: Fragment
    index: int
    n_rows: int


def read_records(
    fragment: Fragment,
    batch_rows: int,
    columns: Sequence[str] | None = None,
    row_groups: Sequence[int] | None = None,
    most_bytes: int | None = None,
) -> Iterator[pa.RecordBatch]:
    """Stream rows of a fragment, in order; of an object, a small part is fetched alone.

    Args:
        fragment: to read; errors as `open_fragment`.
        batch_rows: rows of a batch, at most.
        columns: to read; None for all.
        row_groups: to read; None for all.
        most_bytes: of a batch in memory, unless a single row takes more; None for any.

    Raises:
        CorruptFragmentError: a row takes more than 1 GiB, and `most_bytes` is given.
    """
    with open_part(fragment, columns, row_groups) as file:
        if most_bytes is None:
            yield from _stream(file, batch_rows, columns, row_groups)
        else:
            n_rows = _rows_at_once(file, batch_rows, columns)
            yield from cut(_stream(file, n_rows, columns, row_groups), most_bytes)


def read_paced(fragment: Fragment, most_rows: int, most_bytes: int) -> Iterator[pa.RecordBatch]:
    """Stream all rows of a fragment, few at a time where values may be long.

    Args:
        fragment: to read; errors as `open_fragment`.
        most_rows: of a batch.
        most_bytes: of a batch in memory, unless a single row takes more.

    Raises:
        CorruptFragmentError: a row takes more than 1 GiB.
    """
    with open_fragment(fragment) as file:
        yield from cut(_stream(file, _rows_at_once(file, most_rows)), most_bytes)


def rebatch(
    batches: Iterable[pa.RecordBatch], n_rows: int, n_bytes: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of exactly `n_rows`; the last one may be shorter.

    A batch that takes `n_bytes` before it is full is shorter, too: rows of long text are fewer.
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
    """List every row group that has rows, in order; reads footers only."""
    found = []
    for fragment in fragments:
        with open_footer(fragment) as file:
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        found += [RowGroup(fragment, index, size) for index, size in enumerate(sizes) if size]
    return found


def _stream(
    file: pq.ParquetFile,
    batch_rows: int,
    columns: Sequence[str] | None = None,
    row_groups: Sequence[int] | None = None,
) -> Iterator[pa.RecordBatch]:
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


def _rows_at_once(file: pq.ParquetFile, most: int, columns: Sequence[str] | None = None) -> int:
    """Return the rows to read at a time: at most so many, fewer where values may be long."""
    groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
    n_rows, n_bytes = file.metadata.num_rows, sum(group.total_byte_size for group in groups)
    schema = file.schema_arrow  # made anew each time
    wanted = schema.names if columns is None else columns
    if not all(_is_fixed(schema.field(name).type) for name in wanted):
        most = min(most, _LONG_ROWS)  # a dictionary hides in the file how long they are
    return max(1, min(most, _READ_BYTES * n_rows // max(n_bytes, 1))) if n_rows else most


def _holds_dictionary(kind: pa.DataType) -> bool:
    """Whether a dictionary lies inside a list, map or struct."""
    parts = [kind.field(number).type for number in range(kind.num_fields)]
    return any(pa.types.is_dictionary(part) or _holds_dictionary(part) for part in parts)


def _is_fixed(kind: pa.DataType) -> bool:
    """Whether all values take the same bytes; a dictionary's values are its indices."""
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
