"""Row groups of an archive's fragment, decoded: kept columns as they are, others from blocks.

A block lies in the first row of its group. So the rows up to there are read first, then the block
is decoded, for which no file is needed, and then the other rows are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec
from ae_pipeline.dataset import Fragment, open_fragment
from ae_pipeline.formats.block_records import block_of, compose_from, damage_in, damaged
from ae_pipeline.parquet import check_structure
from ae_pipeline.storage import Part, read_bounded


@dataclass(frozen=True)
class StoredGroup:
    """A row group whose first rows are read.

    Args:
        where: path of its fragment.
        number: of the row group.
        n_rows: as the footer has it.
        first: its first rows, the block among them if it is wanted.
        rest: its other rows; reads the file.
    """

    where: str
    number: int
    n_rows: int
    first: pa.RecordBatch
    rest: Iterator[pa.RecordBatch]


def stored_groups(
    fragment: Fragment, part: Part, n_rows: int, columns: Collection[str] | None
) -> Iterator[StoredGroup]:
    """Read the first rows of each row group of a part of a fragment; none of empty ones.

    Args:
        fragment: of an archive.
        part: whose row groups are read.
        n_rows: the most rows read at a time.
        columns: of the archive that are read; None for all.

    Raises:
        CorruptFragmentError: a row group is damaged or too large.
        ConfigError: a row group of `part` does not exist.
    """
    with open_fragment(fragment) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    for number, size in part.groups_of(sizes, fragment.relative):
        if size > MOST_ROWS:
            raise damaged(f"{size} rows, more than {MOST_ROWS}", fragment.relative, number)
        batches = read_bounded(fragment, number, max(min(size, n_rows), 1), columns)
        for first in batches:
            yield StoredGroup(fragment.relative, number, size, first, batches)
            break


def decode_block(
    codec: ArchiveCodec, wanted: frozenset[str], group: StoredGroup
) -> tuple[StoredGroup, dict[str, pa.Array]]:
    """Decode a row group's wanted columns; `CorruptFragmentError` if its block is damaged."""
    with damage_in(group.where, group.number):
        check_structure(group.first)  # damage can leave indices beyond their dictionary
        if not wanted:
            return group, {}
        content = block_of(group.first, is_first=True)
        return group, _coded(codec, content, group.n_rows, wanted)


def compose_group(
    group: StoredGroup, coded: Mapping[str, pa.Array], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Compose a row group's rows, batch by batch as they are stored.

    Raises:
        CorruptFragmentError: other rows than the first have a block, or are damaged.
    """
    start = 0
    for records in chain((group.first,), group.rest):
        with damage_in(group.where, group.number):
            if start:
                check_structure(records)
            if start and coded:
                block_of(records, is_first=False)
            composed = compose_from(records, coded, start, schema)
        yield composed
        start += len(records)


def _coded(
    codec: ArchiveCodec, content: bytes, size: int, wanted: frozenset[str]
) -> dict[str, pa.Array]:
    """Decode a row group's wanted columns; ValueError unless all are there with `size` rows."""
    coded = codec.decode(content, size, wanted)
    for name in wanted.difference(coded):
        raise ValueError(f"a block without the column {name!r:.40}")
    for column in coded.values():
        if len(column) != size:
            raise ValueError(f"a block of {len(column)} rows in a row group of {size}")
    return coded
