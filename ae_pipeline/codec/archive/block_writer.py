"""Rows of a block to its streams, each column in the smallest of the ways that are tried."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from ae_pipeline.codec.archive.column import Present
from ae_pipeline.codec.archive.effort import WayChoice
from ae_pipeline.codec.archive.encoding import FeatureWalk, TableWalk
from ae_pipeline.codec.archive.network import ArchiveNetwork
from ae_pipeline.codec.archive.rows import BlockRows, Ways, read_rows
from ae_pipeline.coding import NETWORK_METHODS, BlockStreams, Method, pack_each

if TYPE_CHECKING:
    from ae_pipeline.codec.archive.codec import ArchiveCodec


@dataclass(frozen=True)
class BlockWriter:
    """Writes blocks.

    Args:
        codec: of the blocks.
        choice: the ways to try.
    """

    codec: ArchiveCodec
    choice: WayChoice

    def write(self, records: pa.RecordBatch, plain: BlockStreams | None = None) -> BlockStreams:
        """Encode some rows; arguments as `ArchiveCodec.encode`."""
        rows = self._rows(records)
        network = self.codec.network if len(records) and self.choice.takes_network else None
        codes: tuple[bytes, ...] = ()
        ways, block = rows.ways, plain
        if network is not None:
            codes, learned = self._learned(network, records, rows)
            if self.choice.is_settled:
                ways = learned
            else:
                plain = plain or self._features(rows, ways, ())
                block = self._features(rows, learned, codes)
                if len(plain.to_bytes()) <= len(block.to_bytes()):
                    block, codes = plain, ()
                else:
                    ways = learned
        if self.codec.table is None:
            return block or self._features(rows, ways, codes)
        return self._with_table(records, rows, ways, codes)

    def codes(self, records: pa.RecordBatch) -> Int64[np.ndarray, "windows latent"]:
        """Return the codes of some rows; ValueError if there is no network."""
        if self.codec.network is None:
            raise ValueError("a codec without a network has no codes")
        return self._codes(self.codec.network, records, self._rows(records).present)

    def _rows(self, records: pa.RecordBatch) -> BlockRows:
        """Store every lane without prediction."""
        codec = self.codec
        mapped = () if codec.table is None else codec.table.mapped
        return read_rows(
            records, codec.schema, codec.quantizers, codec.columns, mapped, self._is_packed
        )

    def _is_packed(self, number: int) -> bool:
        return Method.DIRECT in self.choice.wanted(number)

    def _features(self, rows: BlockRows, ways: Ways, codes: tuple[bytes, ...]) -> BlockStreams:
        """Encode the feature columns alone, without the table model."""
        walk = FeatureWalk(self.codec.predictor, rows.present, ways, self.choice)
        return rows.to_block(codes, walk.run(self.codec.lane_order))

    def _with_table(
        self, records: pa.RecordBatch, rows: BlockRows, ways: Ways, codes: tuple[bytes, ...]
    ) -> BlockStreams:
        """Encode all columns, each with what the table model knows by then."""
        codec = self.codec
        if codec.table is None:
            raise ValueError("a codec without a table")
        walk = FeatureWalk(codec.predictor, rows.present, ways, self.choice)
        numbers = {name: number for number, name in enumerate(codec.schema.lanes)}
        splits = codec.table.split(records)
        stored, mapped = TableWalk(
            codec.table, walk, numbers, codec.coding_order, splits, len(records)
        ).run()
        return rows.to_block(codes, stored, mapped)

    def _learned(
        self, network: ArchiveNetwork, records: pa.RecordBatch, rows: BlockRows
    ) -> tuple[tuple[bytes, ...], Ways]:
        """Return the packed codes of the network, and the ways with its residuals among them."""
        codes = self._codes(network, records, rows.present)
        learned = list(rows.ways)
        for number, prediction in network.predict(codes, len(records)).items():
            column, part = self.codec.columns[number], rows.present[number]
            wanted = self.choice.wanted(number) & NETWORK_METHODS
            if column.has_cells and wanted:
                most = self._most_bytes(number, len(part.values))
                known = prediction if part.is_valid.all() else prediction[part.is_valid]
                is_quick = self.choice.limits.is_quick
                own = column.network_residuals(part, known, most, is_quick=is_quick)
                learned[number] = rows.ways[number].with_learned(own)
        packed = tuple(pack_each(codes.T.copy()))
        self.choice.note_codes(sum(map(len, packed)))
        return packed, learned

    def _most_bytes(self, number: int, n_values: int) -> int | None:
        """Return which ways of residuals are tried, as `pack_residuals` has it."""
        wanted = self.choice.wanted(number) & NETWORK_METHODS
        if wanted == NETWORK_METHODS:
            return None
        most = self.choice.most_bytes(number, n_values)
        return int(most) if Method.NETWORK_CONTEXTS in wanted else 0

    def _codes(
        self, network: ArchiveNetwork, records: pa.RecordBatch, present: list[Present]
    ) -> Int64[np.ndarray, "windows latent"]:
        distance = self.choice.limits.least_distance
        units = self._units(present, network.columns) if math.isfinite(distance) else None
        return network.encode(records, self.codec.schema.lanes, units, distance)

    def _units(
        self, present: list[Present], numbers: Int64[np.ndarray, "inputs"]
    ) -> Float64[np.ndarray, "rows inputs"]:
        """Return some columns in tolerance units, NaN where there are none."""
        n_rows = len(present[0].is_valid) if present else 0
        units = np.full((len(numbers), n_rows), np.nan)
        for place, number in enumerate(numbers.tolist()):
            part, column = present[number], self.codec.columns[number]
            if column.has_cells:
                units[place, part.is_valid] = column.units_of(part.values)
        return units.T
