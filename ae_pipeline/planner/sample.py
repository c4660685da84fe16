"""Blocks that candidates are measured on: all of the source, or some of it from everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import BlockStreams, source_cells
from ae_pipeline.dataset import RowGroup, read_records, rebatch
from ae_pipeline.planner.moments import Cells

#: Values that are looked at; a source with fewer is measured whole.
MOST_VALUES = 1 << 22
#: A larger source gives runs of rows from about so many places, and at most so many,
_PLACES, _MOST_PLACES = 16, 256
#: but none of fewer rows than this, nor from deeper in the files than this many times the sample.
_LEAST_RUN, _DEPTH = 1 << 11, 8
#: Blocks that tell what a block takes beside its rows.
_HALVED = 4


@dataclass
class _Plain:
    """Blocks without a network: the same for all candidates of one grid and linear predictor."""

    codec: ArchiveCodec | None = None
    blocks: list[BlockStreams] = field(default_factory=list)

    def of(self, codec: ArchiveCodec, blocks: Sequence[pa.RecordBatch]) -> list[BlockStreams]:
        """What this codec makes of them without its network."""
        if self.codec is None or self.codec.predictor is not codec.predictor:
            self.codec = replace(codec, network=None)
            self.blocks = [self.codec.encode(block) for block in blocks]
        return self.blocks


@dataclass(frozen=True)
class SampleBlocks:
    """Feature columns of consecutive rows.

    Args:
        blocks: as `encode` would cut them, or shorter.
        n_rows: of the whole source.
        n_blocks: that `encode` would cut it into.
        beside: bytes that a block takes beside those of its rows.
    """

    blocks: tuple[pa.RecordBatch, ...]
    n_rows: int
    n_blocks: int
    beside: float = 0.0
    _plain: _Plain = field(default_factory=_Plain, init=False, repr=False, compare=False)

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
        return replace(self, blocks=tuple(block.slice(0, most_rows) for block in chosen))

    def coded_bytes(self, codec: ArchiveCodec) -> float:
        """Bytes of all blocks of the source, judged by these.

        Short blocks take more bytes per row than those that `encode` cuts.
        """
        spare = max(self.share * len(self.blocks) - self.n_blocks, 0.0)
        if codec.network is None:
            sizes = [_size(codec, block) for block in self.blocks]
        else:
            known = self._plain.of(codec, self.blocks)
            pairs = zip(self.blocks, known, strict=True)
            sizes = [len(codec.encode(block, plain).to_bytes()) for block, plain in pairs]
        total = self.share * sum(sizes)
        return total - min(spare * self.beside, total / 2)

    def cells(self, codec: ArchiveCodec) -> list[Cells]:
        """[features, rows] of each block, as direct coding would store them."""
        return [_cells_of(codec, block) for block in self.blocks]


def read_sample(
    groups: Sequence[RowGroup], codec: ArchiveCodec, most_values: int = MOST_VALUES
) -> SampleBlocks:
    """Every block of a source of at most so many values in few files, else runs from everywhere."""
    n_rows = sum(group.n_rows for group in groups)
    most_rows = max(1, most_values // len(codec.schema.features))
    by_fragment = [list(part) for _, part in groupby(groups, lambda group: group.fragment)]
    sizes = [sum(group.n_rows for group in part) for part in by_fragment]
    n_blocks = sum(-(-size // codec.block_rows) for size in sizes)
    is_whole = n_rows <= most_rows and len(by_fragment) <= _MOST_PLACES
    if is_whole:
        return SampleBlocks(tuple(_whole(groups, codec)), n_rows, n_blocks)
    blocks = tuple(_runs(groups, codec, most_rows))
    return SampleBlocks(blocks, n_rows, n_blocks, _beside(codec, blocks))


def _whole(groups: Sequence[RowGroup], codec: ArchiveCodec) -> Iterator[pa.RecordBatch]:
    n_rows = codec.block_rows
    for fragment, _ in groupby(groups, lambda group: group.fragment):
        yield from rebatch(read_records(fragment, n_rows, codec.schema.features), n_rows)


def _runs(
    groups: Sequence[RowGroup], codec: ArchiveCodec, most_rows: int
) -> Iterator[pa.RecordBatch]:
    """Runs of row groups, far apart ones first, until there are enough rows."""
    groups = [group for group in groups if group.n_rows]
    run = min(codec.block_rows, max(-(-most_rows // _PLACES), min(_LEAST_RUN, most_rows)))
    chosen = [groups[index] for index in _far_apart(len(groups))[:_MOST_PLACES]]
    n_runs = -(-most_rows // (run * len(chosen)))
    left = most_rows
    for group in chosen:
        depth = min(group.n_rows, max(_DEPTH * most_rows // len(chosen), run))
        for records in _runs_of(group, codec, min(run, depth), n_runs, depth):
            yield records.slice(0, left)
            left -= len(records)
            if left <= 0:
                return


def _runs_of(
    group: RowGroup, codec: ArchiveCodec, run: int, n_runs: int, depth: int
) -> Iterator[pa.RecordBatch]:
    """Evenly spread runs of the first rows of a row group, at most as many as there are."""
    batches = rebatch(read_records(group.fragment, run, codec.schema.features, [group.index]), run)
    n_there = depth // run
    wanted = np.linspace(0, n_there - 1, min(n_runs, n_there)).round().astype(int).tolist()
    for number, records in zip(range(wanted[-1] + 1), batches, strict=False):
        if number in wanted:
            yield records


def _far_apart(n_groups: int) -> list[int]:
    """All numbers, `_PLACES` evenly spread ones first."""
    first = np.unique(np.linspace(0, n_groups - 1, _PLACES).round().astype(int)).tolist()
    rest = np.random.default_rng(0).permutation(n_groups).tolist()
    return [*first, *(index for index in rest if index not in set(first))]


def _size(codec: ArchiveCodec, block: pa.RecordBatch) -> int:
    return len(codec.encode(block).to_bytes())


def _beside(codec: ArchiveCodec, blocks: Sequence[pa.RecordBatch]) -> float:
    """Bytes that two halves of a block take more than the whole."""
    more = []
    for block in [block for block in blocks if len(block) > 1][:_HALVED]:
        half = len(block) // 2
        halves = _size(codec, block.slice(0, half)) + _size(codec, block.slice(half))
        more.append(halves - _size(codec, block))
    return max(sum(more) / max(len(more), 1), 0.0)


def _cells_of(codec: ArchiveCodec, block: pa.RecordBatch) -> Cells:
    cells = np.empty((len(codec.columns), len(block)))
    for number, column in enumerate(codec.columns):
        present = column.present(block.column(codec.schema.features[number]))
        cells[number] = source_cells(column.cells_of(present.values), present.is_valid)
    return cells
