"""The blocks that candidates are measured on: the whole source, or samples from all over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import BlockStreams, source_cells
from ae_pipeline.columns import LaneReader, count_lanes
from ae_pipeline.dataset import RowGroup, read_records, rebatch
from ae_pipeline.planner.moments import Cells

#: Values of a sample; a source with fewer is measured whole.
MOST_VALUES = 1 << 22
#: Row groups of a larger source that runs of rows come from, if possible and at most.
_PLACES, _MOST_PLACES = 16, 256
#: Bytes of a run in memory, whatever its rows.
_RUN_BYTES = 1 << 26
#: Rows of the shortest run, and how deep in the files runs lie, as a multiple of the sample.
_LEAST_RUN, _DEPTH = 1 << 11, 8
#: Blocks from which the fixed bytes of a block are measured.
_HALVED = 4


@dataclass
class _Plain:
    """Blocks encoded without a network, which all candidates with one predictor share."""

    found: tuple[ArchiveCodec, list[BlockStreams]] | None = None

    def of(self, codec: ArchiveCodec, blocks: Sequence[pa.RecordBatch]) -> list[BlockStreams]:
        """Encode the feature columns of the blocks without network and table of this codec."""
        found = self.found
        if found is None or found[0].predictor is not codec.predictor:
            plain = replace(codec, network=None, table=None)
            # Whole or not there: threads measure candidates beside each other.
            self.found = found = plain, [plain.encode(block) for block in blocks]
        return found[1]


@dataclass(frozen=True)
class SampleBlocks:
    """Coded columns of consecutive rows.

    Args:
        blocks: as `encode` would cut them, or shorter.
        n_rows: rows of the whole source.
        n_blocks: blocks that `encode` would cut the source into.
        beside: fixed bytes of a block, whatever its rows.
    """

    blocks: tuple[pa.RecordBatch, ...]
    n_rows: int
    n_blocks: int
    beside: float = 0.0
    _plain: _Plain = field(default_factory=_Plain, init=False, repr=False, compare=False)

    @property
    def share(self) -> float:
        """Rows of the source per row of the sample."""
        return self.n_rows / max(sum(len(block) for block in self.blocks), 1)

    @property
    def raw_bytes(self) -> float:
        """Bytes of the source's values as plain numbers, estimated from the blocks."""
        return self.share * sum(block.nbytes for block in self.blocks)

    def shortened(self, n_values: int) -> SampleBlocks:
        """Return fewer or shorter blocks, of about `n_values` values in all, from all over."""
        if not self.blocks:
            return self
        width = sum(count_lanes(field.type) for field in self.blocks[0].schema)
        found = width * sum(block.num_rows for block in self.blocks)
        step = max(1, found // max(n_values, 1))
        n_blocks = -(-len(self.blocks) // step)
        chosen = self.blocks[::step]
        most_rows = max(1, n_values // max(width * n_blocks, 1))
        return replace(self, blocks=tuple(block.slice(0, most_rows) for block in chosen))

    def prepare(self, codec: ArchiveCodec) -> None:
        """Encode what all networks of this codec share, before several are measured at once."""
        self._plain.of(codec, self.blocks)

    def coded_bytes(self, codec: ArchiveCodec) -> float:
        """Estimate the bytes of all blocks of the source.

        Short blocks take more bytes per row than those that `encode` cuts; that is subtracted.
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
        """Return the cells of each block, [lanes, rows], as direct coding stores them."""
        return [_cells_of(codec, block) for block in self.blocks]


def read_sample(
    groups: Sequence[RowGroup], codec: ArchiveCodec, most_values: int = MOST_VALUES
) -> SampleBlocks:
    """Read every block of a small source in few files, else runs of rows from all over it.

    There are none if the codec codes no column.
    """
    n_rows = sum(group.n_rows for group in groups)
    kinds = (codec.schema.arrow.field(name).type for name in codec.coded_columns)
    most_rows = max(1, most_values // max(sum(map(count_lanes, kinds)), 1))
    by_fragment = [list(part) for _, part in groupby(groups, lambda group: group.fragment)]
    sizes = [sum(group.n_rows for group in part) for part in by_fragment]
    n_blocks = sum(-(-size // codec.block_rows) for size in sizes)
    if not codec.coded_columns:
        return SampleBlocks((), n_rows, n_blocks)
    blocks = tuple(read_runs(groups, codec.coded_columns, codec.block_rows, most_rows))
    if n_rows <= most_rows and len(by_fragment) <= _MOST_PLACES:
        return SampleBlocks(blocks, n_rows, n_blocks)
    return SampleBlocks(blocks, n_rows, n_blocks, _beside(codec, blocks))


def read_runs(
    groups: Sequence[RowGroup], columns: Sequence[str], block_rows: int, most_rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield every block of a small source in few files, else runs of rows from all over it.

    Args:
        groups: row groups of the source.
        columns: to read.
        block_rows: rows of a block.
        most_rows: rows to read in all.
    """
    n_files = sum(1 for _ in groupby(groups, lambda group: group.fragment))
    if sum(group.n_rows for group in groups) <= most_rows and n_files <= _MOST_PLACES:
        return _whole(groups, columns, block_rows)
    return _runs(groups, columns, block_rows, most_rows)


def _whole(
    groups: Sequence[RowGroup], columns: Sequence[str], n_rows: int
) -> Iterator[pa.RecordBatch]:
    for fragment, _ in groupby(groups, lambda group: group.fragment):
        records = read_records(fragment, n_rows, columns, most_bytes=_RUN_BYTES)
        yield from rebatch(records, n_rows, _RUN_BYTES)


def _runs(
    groups: Sequence[RowGroup], columns: Sequence[str], block_rows: int, most_rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield runs of rows, from row groups far apart first, until there are enough."""
    groups = [group for group in groups if group.n_rows]
    n_places = min(_PLACES, max(len(groups), 1))
    run = min(block_rows, max(-(-most_rows // n_places), min(_LEAST_RUN, most_rows)))
    chosen = [groups[index] for index in _far_apart(len(groups))[:_MOST_PLACES]]
    n_runs = -(-most_rows // (run * len(chosen)))
    left = most_rows
    for group in chosen:
        depth = min(group.n_rows, max(_DEPTH * most_rows // len(chosen), run))
        for records in _runs_of(group, columns, min(run, depth), n_runs, depth):
            yield records.slice(0, left)
            left -= len(records)
            if left <= 0:
                return


def _runs_of(
    group: RowGroup, columns: Sequence[str], run: int, n_runs: int, depth: int
) -> Iterator[pa.RecordBatch]:
    """Yield evenly spread runs of the first `depth` rows of a row group."""
    records = read_records(group.fragment, run, columns, [group.index], _RUN_BYTES)
    batches = rebatch(records, run, _RUN_BYTES)
    n_runs_here = depth // run
    wanted = np.linspace(0, n_runs_here - 1, min(n_runs, n_runs_here)).round().astype(int).tolist()
    for number, batch in zip(range(wanted[-1] + 1), batches, strict=False):
        if number in wanted:
            yield batch


def _far_apart(n_groups: int) -> list[int]:
    """Return all numbers, `_PLACES` evenly spread ones first."""
    first = np.unique(np.linspace(0, n_groups - 1, _PLACES).round().astype(int)).tolist()
    rest = np.random.default_rng(0).permutation(n_groups).tolist()
    return [*first, *(index for index in rest if index not in set(first))]


def _size(codec: ArchiveCodec, block: pa.RecordBatch) -> int:
    return len(codec.encode(block).to_bytes())


def _beside(codec: ArchiveCodec, blocks: Sequence[pa.RecordBatch]) -> float:
    """Measure the bytes that two halves of a block take beyond the whole."""
    more = []
    for block in [block for block in blocks if len(block) > 1][:_HALVED]:
        half = len(block) // 2
        halves = _size(codec, block.slice(0, half)) + _size(codec, block.slice(half))
        more.append(halves - _size(codec, block))
    return max(sum(more) / max(len(more), 1), 0.0)


def _cells_of(codec: ArchiveCodec, block: pa.RecordBatch) -> Cells:
    cells = np.empty((len(codec.columns), len(block)))
    lanes = LaneReader(block)
    for number, column in enumerate(codec.columns):
        present = column.present(lanes.lane(codec.schema.lanes[number]))
        cells[number] = source_cells(column.cells_of(present.values), present.is_valid)
    return cells
