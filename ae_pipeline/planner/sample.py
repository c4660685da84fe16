"""Blocks that candidates are measured on: all of the source, or some of it from everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from ae_pipeline.codec import ArchiveCodec, fill_rows
from ae_pipeline.linear_predictor import bounded
from ae_pipeline.planner.moments import Cells
from ae_pipeline.source import RowGroup, read_records, rebatch

#: Values that are looked at; a source with fewer is measured whole.
MOST_VALUES = 1 << 22
#: A larger source gives runs of rows from at least so many places, and at most so many.
_PLACES, _MOST_PLACES = 16, 256


@dataclass(frozen=True)
class SampleBlocks:
    """Feature columns of consecutive rows.

    Args:
        blocks: as `encode` would cut them, or shorter.
        n_rows: of the whole source.
    """

    blocks: tuple[pa.RecordBatch, ...]
    n_rows: int

    @property
    def share(self) -> float:
        """Rows of the source per row here."""
        return self.n_rows / max(sum(len(block) for block in self.blocks), 1)

    def shortened(self, n_values: int) -> SampleBlocks:
        """Blocks from everywhere of about so many values in all; all of them if these are few."""
        found = sum(block.num_rows * block.num_columns for block in self.blocks)
        step = max(1, found // max(n_values, 1))
        n_blocks = -(-len(self.blocks) // step)
        chosen = self.blocks[::step]
        most_rows = max(1, n_values // max(chosen[0].num_columns * n_blocks, 1))
        return SampleBlocks(tuple(block.slice(0, most_rows) for block in chosen), self.n_rows)

    def coded_bytes(self, codec: ArchiveCodec) -> float:
        """Bytes of all blocks of the source, judged by these."""
        return self.share * sum(len(codec.encode(block).to_bytes()) for block in self.blocks)

    def cells(self, codec: ArchiveCodec) -> list[Cells]:
        """[features, rows] of each block, as direct coding would store them."""
        return [_cells_of(codec, block) for block in self.blocks]


def read_sample(
    groups: Sequence[RowGroup], codec: ArchiveCodec, most_values: int = MOST_VALUES
) -> SampleBlocks:
    """Every block of a source of at most so many values in few files, else runs from everywhere."""
    n_rows = sum(group.n_rows for group in groups)
    most_rows = max(1, most_values // len(codec.schema.features))
    n_fragments = len({group.fragment.relative for group in groups})
    is_whole = n_rows <= most_rows and n_fragments <= _MOST_PLACES
    found = _whole(groups, codec) if is_whole else _runs(groups, codec, most_rows)
    return SampleBlocks(tuple(found), n_rows)


def _whole(groups: Sequence[RowGroup], codec: ArchiveCodec) -> Iterator[pa.RecordBatch]:
    n_rows = codec.block_rows
    for fragment, _ in groupby(groups, lambda group: group.fragment):
        yield from rebatch(read_records(fragment, n_rows, codec.schema.features), n_rows)


def _runs(
    groups: Sequence[RowGroup], codec: ArchiveCodec, most_rows: int
) -> Iterator[pa.RecordBatch]:
    """The beginnings of row groups, far apart ones first, until there are enough rows."""
    groups = [group for group in groups if group.n_rows]
    run = min(codec.block_rows, -(-most_rows // _PLACES))
    left = most_rows
    for index in _far_apart(len(groups))[:_MOST_PLACES]:
        group = groups[index]
        n_rows = min(run, group.n_rows, left)
        batches = read_records(group.fragment, n_rows, codec.schema.features, [group.index])
        yield next(rebatch(batches, n_rows))
        left -= n_rows
        if left <= 0:
            return


def _far_apart(n_groups: int) -> list[int]:
    """All numbers, `_PLACES` evenly spread ones first."""
    first = np.unique(np.linspace(0, n_groups - 1, _PLACES).round().astype(int)).tolist()
    rest = np.random.default_rng(0).permutation(n_groups).tolist()
    return [*first, *(index for index in rest if index not in set(first))]


def _cells_of(codec: ArchiveCodec, block: pa.RecordBatch) -> Cells:
    cells = np.empty((len(codec.columns), len(block)))
    for number, column in enumerate(codec.columns):
        present = column.present(block.column(codec.schema.features[number]))
        cells[number] = bounded(fill_rows(column.cells_of(present.values), present.is_valid))
    return cells
