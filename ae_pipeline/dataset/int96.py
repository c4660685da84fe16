"""Timestamps of 96 bits: find the unit in which Arrow reads those of a file without loss.

They hold a day and the nanoseconds of it. Arrow's 64-bit timestamps reach 292 years on either side
of 1970 in nanoseconds, and 292,000 in microseconds; a date beyond becomes another date in Arrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int64

from ae_pipeline.cancellation import beat
from ae_pipeline.columns import check_unique_names
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.opening import arrow_name, open_fragment, opened
from ae_pipeline.dataset.partial import fragment_schema
from ae_pipeline.errors import UnkeptColumnError

_BATCH_ROWS = 1 << 16
_NS_PER_MS = 1_000_000
#: The most milliseconds that fit 64 bits as nanoseconds, and as microseconds.
_MOST_NS_MS, _MOST_US_MS = (1 << 63) // _NS_PER_MS - 1, (1 << 63) // 1000 - 1


def lossless_schema(fragment: Fragment) -> tuple[Fragment, pa.Schema]:
    """Return a fragment with the unit that holds its timestamps of 96 bits, and its schema in it.

    Reads the columns of such timestamps, if there are any.

    Raises:
        UnkeptColumnError: no unit holds all values of a column.
        DuplicateColumnError: two columns share a name.
        CorruptFragmentError: it cannot be read.
    """
    with open_fragment(fragment) as file:
        schema, arrow = file.schema, file.schema_arrow
    columns = (schema.column(number) for number in range(len(schema.names)))
    if any(column.physical_type == "INT96" for column in columns):
        fragment = _with_unit(fragment)
        return fragment, fragment_schema(fragment)
    check_unique_names(arrow.names, fragment.relative)
    return fragment, arrow


def _with_unit(fragment: Fragment) -> Fragment:
    needs_ns, beyond_ns = "", ""
    for name, row, milliseconds, below in _values(fragment):
        _check_range(fragment, name, row, milliseconds)
        is_fine, is_far = below % 1000 != 0, np.abs(milliseconds) > _MOST_NS_MS
        needs_ns = needs_ns or (_place(name, row, is_fine) if is_fine.any() else "")
        beyond_ns = beyond_ns or (_place(name, row, is_far) if is_far.any() else "")
    if needs_ns and beyond_ns:
        raise UnkeptColumnError(
            "timestamps of 96 bits fit no unit of 64 bits",
            where=fragment.relative,
            expected="whole microseconds, or the years 1678 to 2261",
            got=f"nanoseconds in {needs_ns}, a year beyond them in {beyond_ns}",
            remedy="write the column as INT64 microseconds, or as text",
        )
    return replace(fragment, int96="ns" if needs_ns else "us")


def _values(
    fragment: Fragment,
) -> Iterator[tuple[str, int, Int64[np.ndarray, "values"], Int64[np.ndarray, "values"]]]:
    """Yield column, first row, milliseconds and the nanoseconds below them, batch by batch."""
    units = ("ms", "ns")
    streams = [_batches(fragment, unit) for unit in units]
    row = 0
    for coarse, fine in zip(*streams, strict=True):
        for name, one, other in zip(coarse.schema.names, coarse.columns, fine.columns, strict=True):
            for milliseconds, nanoseconds in zip(_leaves(one), _leaves(other), strict=True):
                if milliseconds.type == nanoseconds.type:
                    continue
                ms, ns = _numbers(milliseconds), _numbers(nanoseconds)
                # Both wrap around in the same way, so their difference is right.
                with np.errstate(over="ignore"):
                    yield name, row, ms, ns - ms * _NS_PER_MS
        row += len(coarse)


def _batches(fragment: Fragment, unit: str) -> Iterator[pa.RecordBatch]:
    with (
        opened(fragment) as plain,
        pq.ParquetFile(
            arrow_name(plain),
            pre_buffer=False,
            buffer_size=1 << 18,
            coerce_int96_timestamp_unit=unit,
        ) as file,
    ):
        schema = file.schema
        paths = [schema.column(number) for number in range(len(schema.names))]
        columns = [one.path for one in paths if one.physical_type == "INT96"]
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False):
            beat()
            yield batch


def _leaves(column: pa.Array) -> Iterator[pa.Array]:
    """Yield the timestamps inside a column of any type, without nulls and values under them."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        yield column.drop_null()
    elif pa.types.is_struct(kind):
        for part in column.flatten():
            yield from _leaves(part)
    elif pa.types.is_map(kind):
        yield from _leaves(column.keys)
        yield from _leaves(column.items)
    elif pa.types.is_nested(kind):
        yield from _leaves(column.flatten())


def _numbers(column: pa.Array) -> Int64[np.ndarray, "values"]:
    return np.asarray(column.view(pa.int64()).to_numpy(zero_copy_only=False))


def _check_range(
    fragment: Fragment, name: str, row: int, milliseconds: Int64[np.ndarray, "values"]
) -> None:
    is_far = np.abs(milliseconds) > _MOST_US_MS
    if is_far.any():
        raise UnkeptColumnError(
            "a timestamp of 96 bits is too far away",
            where=f"{fragment.relative}, {_place(name, row, is_far)}",
            expected="at most 292,000 years from 1970",
            got=f"{milliseconds[is_far][0]} ms",
            remedy="correct it in the source",
        )


def _place(name: str, row: int, is_there: np.ndarray) -> str:
    """Name the first of some values by column and row; rows of lists hold several values."""
    return f"column {name}, from row {row + int(np.flatnonzero(is_there)[0])}"
