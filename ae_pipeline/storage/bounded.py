"""Read rows of files that may be forged: few at a time, so that they fit in memory, or not at all.

A file of 500 bytes can hold one text of a megabyte a hundred thousand times. The page headers of a
row group tell what its rows take, and where they do not tell how long texts are, the dictionary
does; only then are values read. `docs/format.md`, section 5, has the numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ae_pipeline.blocks import leaves, weight_of
from ae_pipeline.dataset import Fragment, arrow_name, open_fragment, opened, read_records
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.parquet import Claim, find_chunks, read_claim

#: The most that the rows of a row group may take; writers end one at a sixteenth of it.
MOST_GROUP_BYTES = 1 << 31
#: In a longer row group, the limit holds for each of so many rows.
_GROUP_ROWS = 1 << 17
#: The most that rows read at a time may take, unless one row alone takes more.
_BATCH_BYTES = 1 << 28
#: Arrow's own bytes beside each entry of a dictionary, and beside each value of a list.
_ENTRY_BYTES, _LEVEL_BYTES = 16, 4
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_TEXT = "BYTE_ARRAY"
#: The width of decimals in memory, and of the offsets of texts.
_DECIMAL_BYTES, _OFFSET_BYTES = 32, 8
#: Types that Arrow reads as a dictionary when asked to.
_MEASURABLE = (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())


@dataclass(frozen=True)
class _Place:
    """A leaf column: where it lies, the type of its top-level column and its own."""

    fragment: Fragment
    group: int
    column: pq.ColumnSchema
    kind: pa.DataType
    leaf: pa.DataType


@dataclass(frozen=True)
class _Leaf:
    """The memory that one leaf column of a row group claims.

    Args:
        fixed_bytes: for any number of rows read at a time, and the certain bytes of 131,072 rows.
        row_bytes: for each row read at a time.
        most_text: more bytes of text in all rows together, at most.
        row_text: the most of these in one row.
    """

    fixed_bytes: int
    row_bytes: int = 0
    most_text: int = 0
    row_text: int = 0

    def size_of(self, n_rows: int) -> int:
        """Return the most that `n_rows` rows take beside the fixed bytes."""
        return n_rows * self.row_bytes + min(self.most_text, n_rows * self.row_text)


def read_bounded(
    fragment: Fragment,
    group: int,
    n_rows: int,
    columns: Collection[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a row group of an encoded file, at most `n_rows` at a time.

    Raises:
        CorruptFragmentError: it claims to hold more than `MOST_GROUP_BYTES`, or is damaged.
    """
    sizes = _leaf_sizes(fragment, group, columns)
    if sum(leaf.fixed_bytes + leaf.size_of(1) for leaf in sizes) > MOST_GROUP_BYTES:
        raise _too_large(fragment, group)
    while n_rows > 1 and sum(leaf.size_of(n_rows) for leaf in sizes) > _BATCH_BYTES:
        n_rows = -(-n_rows // 2)
    n_read = n_bytes = 0
    chosen = None if columns is None else list(columns)
    for records in read_records(fragment, n_rows, chosen, [group]):
        n_bytes += weight_of(records)
        if n_bytes > MOST_GROUP_BYTES * (1 + n_read // _GROUP_ROWS):
            raise _too_large(fragment, group)
        n_read += len(records)
        yield records


def _too_large(fragment: Fragment, group: int) -> CorruptFragmentError:
    return CorruptFragmentError(
        "row group claims to hold more than fits",
        where=f"{fragment.relative}, row group {group}",
        expected=f"at most {MOST_GROUP_BYTES} bytes in {_GROUP_ROWS} rows",
        remedy="encode it again from the source, or restore the file",
    )


def _leaf_sizes(fragment: Fragment, group: int, columns: Collection[str] | None) -> list[_Leaf]:
    with open_fragment(fragment) as file:
        parquet, arrow = file.schema, file.schema_arrow
    owners = [(field, kind) for field in arrow for kind in _leaf_types(field.type)]
    names = arrow.names if columns is None else columns
    with opened(fragment) as content:
        chunks = find_chunks(content)
        if group >= len(chunks) or not len(chunks[group]) == len(owners) == len(parquet):
            raise pa.ArrowInvalid(f"row group {group} has not the columns of the schema")
        return [
            _size_leaf(
                _Place(fragment, group, parquet.column(number), field.type, kind),
                read_claim(content, chunks[group][number]),
            )
            for number, (field, kind) in enumerate(owners)
            if field.name in names
        ]


def _size_leaf(place: _Place, claim: Claim) -> _Leaf:
    width = _width(place.column)
    longest, least, total = _text(place, claim)
    per_row, per_item = _padding(place.kind)
    fixed = _ENTRY_BYTES * claim.dictionary_values
    if not place.column.max_repetition_level:
        certain = least + claim.n_values * (per_row + (width if width > _DECIMAL_BYTES else 0))
        fixed += certain // (1 + claim.n_values // _GROUP_ROWS)
        return _Leaf(fixed, _LEVEL_BYTES + width + per_row, total, longest)
    fixed += claim.n_values * (_LEVEL_BYTES + width) + total
    # Values stored one by one are no nulls; a list of fixed size is as long where it is null.
    n_stored = 0 if claim.is_by_number else claim.page_bytes // max(width, 1)
    fixed += per_item * max(claim.n_values - n_stored, 0)
    return _Leaf(fixed, per_row)


def _width(column: pq.ColumnSchema) -> int:
    """Return the bytes of a value that is not text, and of a null."""
    if column.physical_type == _TEXT:
        return _OFFSET_BYTES
    width = _WIDTHS.get(column.physical_type, column.length)
    return max(width, _DECIMAL_BYTES) if column.logical_type.type == "DECIMAL" else width


def _text(place: _Place, claim: Claim) -> tuple[int, int, int]:
    """Return the longest text of a leaf, and the least and most bytes of all its texts."""
    if place.column.physical_type != _TEXT or pa.types.is_decimal(place.leaf):
        return 0, 0, 0
    if claim.is_by_prefix:
        return claim.longest_page, 0, claim.n_values * claim.longest_page
    if not claim.is_by_number or pa.types.is_dictionary(place.leaf):
        return claim.longest_page, 0, claim.page_bytes
    longest = max(claim.dictionary_bytes, claim.longest_page)
    most = claim.n_values * longest
    indices = claim.n_values * 2 * _LEVEL_BYTES + claim.dictionary_values * _ENTRY_BYTES
    if most <= _BATCH_BYTES or indices > MOST_GROUP_BYTES or place.leaf not in _MEASURABLE:
        return longest, 0, most
    longest, total = _measure_text(place)
    return longest, total, total


def _measure_text(place: _Place) -> tuple[int, int]:
    """Return the longest text and the bytes of all, from the dictionary and its indices."""
    longest = total = 0
    path = place.column.path
    with (
        opened(place.fragment) as plain,
        pq.ParquetFile(
            arrow_name(plain),
            read_dictionary=[path],
            pre_buffer=False,
            buffer_size=1 << 18,
            page_checksum_verification=True,
        ) as file,
    ):
        for records in file.iter_batches(_GROUP_ROWS, [place.group], [path], use_threads=False):
            for leaf in (leaf for column in records.columns for leaf in leaves(column)):
                leaf.validate(full=True)  # damage can leave numbers beyond the dictionary
                lengths = pc.binary_length(leaf.dictionary).cast(pa.int64())
                longest = max(longest, pc.max(lengths).as_py() or 0)
                total += pc.sum(lengths.take(leaf.indices)).as_py() or 0
    return longest, total


def _leaf_types(kind: pa.DataType) -> list[pa.DataType]:
    """Return the types of the leaf columns that Parquet makes of one column, in order."""
    parts = _parts(kind)
    return [leaf for part in parts for leaf in _leaf_types(part)] if parts else [kind]


def _parts(kind: pa.DataType) -> list[pa.DataType]:
    if isinstance(kind, pa.BaseExtensionType):
        return [kind.storage_type]
    if pa.types.is_dictionary(kind):
        return []
    return [kind.field(number).type for number in range(kind.num_fields)]


def _padding(kind: pa.DataType, is_inside: bool = False) -> tuple[int, int]:
    """Return the bytes of a null list of fixed size: in each row, and in each item of a list."""
    if pa.types.is_fixed_size_list(kind):
        return (0, _slot(kind)) if is_inside else (_slot(kind), 0)
    is_list = pa.types.is_nested(kind) and not pa.types.is_struct(kind)
    parts = [_padding(part, is_inside or is_list) for part in _parts(kind)]
    return sum(row for row, _ in parts), sum(item for _, item in parts)


def _slot(kind: pa.DataType) -> int:
    """Return the bytes that a value takes even when it is null."""
    if pa.types.is_fixed_size_list(kind):
        return kind.list_size * _slot(kind.value_type)
    parts = _parts(kind)
    if pa.types.is_struct(kind) or isinstance(kind, pa.BaseExtensionType):
        return sum(map(_slot, parts))
    try:
        return -(-int(kind.bit_width) // 8)
    except ValueError:
        return _OFFSET_BYTES
