"""The feature columns of some rows, lane by lane, and the block that they become."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

from ae_pipeline.codec.archive.column import ColumnCodec, Present, Stored, store_elsewhere
from ae_pipeline.codec.archive.rows.series import with_series
from ae_pipeline.codec.archive.rows.sharing import share_lanes
from ae_pipeline.codec.archive.rows.vectors import split_vectors
from ae_pipeline.coding import BlockStreams, MappedStreams, Quantizer, VectorStreams
from ae_pipeline.columns import TableSchema, Vectors

#: Ways to store each lane, direct coding first.
Ways: TypeAlias = list[list[Stored]]


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

    def add(self, parts: Sequence[Present], stored: Sequence[Stored]) -> None:
        """Add the lanes of the next column."""
        self.present += parts
        self.ways += [[one] for one in stored]


def read_rows(
    records: pa.RecordBatch,
    schema: TableSchema,
    quantizers: Sequence[Quantizer],
    columns: Sequence[ColumnCodec],
    mapped: Collection[str],
) -> BlockRows:
    """Store every lane without prediction.

    Args:
        records: with the feature columns.
        schema: of the codec.
        quantizers: of the feature columns.
        columns: of their lanes.
        mapped: feature columns that are coded elsewhere; they have nothing to store.
    """
    rows = BlockRows(len(records))
    vectors = set(schema.vectors)
    nothing = store_elsewhere(len(records))
    for name, quantizer, numbers in zip(schema.features, quantizers, schema.spans, strict=True):
        own = VectorStreams()
        lanes = columns[numbers.start : numbers.stop]
        if name in mapped:
            rows.add([nothing[0]] * len(lanes), [nothing[1]] * len(lanes))
        elif name in vectors:
            part = split_vectors(Vectors.of(records.column(name)), quantizer)
            own = part.own
            rows.add(part.lanes, list(map(ColumnCodec.direct, lanes, part.lanes)))
        else:
            present = lanes[0].present(records.column(name))
            rows.present.append(present)
            rows.ways.append(with_series(lanes[0], present, lanes[0].direct(present)))
        if name in vectors:
            rows.vectors[numbers] = own
    return rows
