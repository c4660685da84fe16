"""The feature columns of some rows, lane by lane, and the block that they become."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import pyarrow as pa

from ae_pipeline.codec.archive.column import ColumnCodec, LaneWays, Present, Stored, store_elsewhere
from ae_pipeline.codec.archive.rows.series import series_of
from ae_pipeline.codec.archive.rows.sharing import share_lanes
from ae_pipeline.codec.archive.rows.vectors import split_vectors
from ae_pipeline.coding import BlockStreams, MappedStreams, Quantizer, VectorStreams
from ae_pipeline.columns import TableSchema, Vectors

#: In fewer rows, what a series saves is not worth the time that it takes to try.
_LEAST_SERIES = 400
#: Ways to store each lane.
Ways: TypeAlias = list[LaneWays]


@dataclass
class BlockRows:
    """Feature columns of some rows, stored without prediction.

    Args:
        n_rows: how many there are.
        present: values of each lane.
        ways: to store each lane.
        vectors: what the lanes of each vector column have in common, by their numbers.
    """

    n_rows: int
    present: list[Present] = field(default_factory=list)
    ways: Ways = field(default_factory=list)
    vectors: dict[range, VectorStreams] = field(default_factory=dict)

    def to_block(
        self,
        codes: tuple[bytes, ...],
        stored: Sequence[Stored],
        mapped: tuple[MappedStreams, ...] = (),
    ) -> BlockStreams:
        """Return the streams of a block, in which the lanes of vectors may share some.

        Args:
            codes: of the network.
            stored: how each lane is stored in the end.
            mapped: columns that are coded as sub-columns of integers.
        """
        columns = [one.streams for one in stored]
        vectors: dict[range, VectorStreams] = {}
        for numbers, own in self.vectors.items():
            lanes = slice(numbers.start, numbers.stop)
            vectors[numbers], columns[lanes] = share_lanes(stored[lanes], own)
        return BlockStreams(self.n_rows, codes, tuple(columns), mapped, vectors)

    def add(self, parts: Sequence[Present], ways: Iterable[LaneWays]) -> None:
        """Add the lanes of the next column."""
        self.present += parts
        self.ways += ways


def read_rows(
    records: pa.RecordBatch,
    schema: TableSchema,
    quantizers: Sequence[Quantizer],
    columns: Sequence[ColumnCodec],
    mapped: Collection[str],
    packed: Callable[[int], bool] = lambda _: True,
) -> BlockRows:
    """Store every lane without prediction.

    Args:
        records: with the feature columns.
        schema: of the codec.
        quantizers: of the feature columns.
        columns: of their lanes.
        mapped: feature columns that are coded elsewhere; they have nothing to store.
        packed: whether a lane, by its number, is surely stored as it is.
    """
    rows = BlockRows(len(records))
    vectors = set(schema.vectors)
    nothing, elsewhere = store_elsewhere(len(records))
    for name, quantizer, numbers in zip(schema.features, quantizers, schema.spans, strict=True):
        own = VectorStreams()
        lanes = columns[numbers.start : numbers.stop]
        if name in mapped:
            rows.add([nothing] * len(lanes), [LaneWays(lambda: elsewhere)] * len(lanes))
            if name in vectors:
                rows.vectors[numbers] = own
            continue
        parts: Sequence[Present]
        if name in vectors:
            vector = split_vectors(Vectors.of(records.column(name)), quantizer)
            own, parts = vector.own, vector.lanes
        else:
            parts = [lanes[0].present(records.column(name))]
        triples = list(zip(numbers, lanes, parts, strict=True))
        direct = [partial(lane.direct, part, packs=packed(n)) for n, lane, part in triples]
        if name in vectors or len(records) < _LEAST_SERIES:
            rows.add(parts, map(LaneWays, direct))
        else:
            rows.add(parts, [LaneWays(direct[0], None, partial(series_of, lanes[0], parts[0]))])
        if name in vectors:
            rows.vectors[numbers] = own
    return rows
