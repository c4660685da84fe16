"""The archive codec: blocks of rows ↔ bytes in which every value keeps its promise.

Direct coding, linear prediction, the network and the table model compete in every block, column by
column, by the bytes they take; the network is dropped from a block in which it does not pay for
its codes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int16, Int64

from ae_pipeline.codec.archive.block_writer import BlockWriter
from ae_pipeline.codec.archive.column import ColumnCodec
from ae_pipeline.codec.archive.content import ARCHIVE_KIND, ArchiveContent
from ae_pipeline.codec.archive.decoding import FeatureDecoding, TableDecoding
from ae_pipeline.codec.archive.effort import WayChoice, WayTally, choice_of
from ae_pipeline.codec.archive.rows import join_vectors
from ae_pipeline.codec.archive.table import interleaved
from ae_pipeline.codec.provenance import Provenance
from ae_pipeline.coding import (
    CODE_MAX,
    LINEAR_METHODS,
    MOST_NUMBERS,
    BlockStreams,
    read_block,
    unpack_integers,
)
from ae_pipeline.config.effort import Effort
from ae_pipeline.results.fit import WayRecord

_BLOCK_VALUES = 1 << 22
#: A reader refuses larger blocks: what a few bytes claim must not fill the memory.
MOST_ROWS = 1 << 17
_LEAST_ROWS = 1 << 12


@dataclass(frozen=True)
class ArchiveCodec(ArchiveContent):
    """Encodes and decodes blocks.

    Args:
        provenance: where the codec came from; not part of its identity.
    """

    provenance: Provenance

    kind: ClassVar[str] = ARCHIVE_KIND

    @cached_property
    def columns(self) -> tuple[ColumnCodec, ...]:
        """One codec per lane of the feature columns."""
        return tuple(map(ColumnCodec, self.schema.lane_types, self.lane_quantizers))

    @cached_property
    def _vectors(self) -> dict[str, range]:
        """Numbers of the lanes of each vector column."""
        spans = dict(zip(self.schema.features, self.schema.spans, strict=True))
        return {name: spans[name] for name in self.schema.vectors}

    @property
    def vector_lanes(self) -> tuple[range, ...]:
        """Numbers of the lanes of each vector column."""
        return tuple(self._vectors.values())

    @property
    def coded_columns(self) -> tuple[str, ...]:
        """Names of the columns that blocks hold, in schema order."""
        coded = self.coded_in(self.schema.arrow)
        return tuple(name for name in self.schema.arrow.names if name in coded)

    def coded_in(self, schema: pa.Schema) -> frozenset[str]:
        """Return the columns of a fragment of this schema that its blocks hold; others are kept."""
        mapped = () if self.table is None else self.table.coded_in(schema)
        return frozenset((*self.schema.features, *mapped))

    @property
    def block_rows(self) -> int:
        """Rows of a full block, so that its values take 32 MiB whatever the number of columns."""
        n_columns = len(self.schema.arrow) + len(self.schema.lanes) - len(self.schema.features)
        n_rows = max(_LEAST_ROWS, min(MOST_ROWS, _BLOCK_VALUES // max(n_columns, 1)))
        n_lanes = sum(map(len, self._vectors.values()))
        return min(n_rows, MOST_NUMBERS // max(n_lanes, 1))

    def encode(
        self,
        records: pa.RecordBatch,
        plain: BlockStreams | None = None,
        choice: WayChoice | None = None,
    ) -> BlockStreams:
        """Encode some rows, in the fewest bytes of the ways compared.

        Args:
            records: rows of a block; columns that the codec does not code are left out, and so are
                mapped columns that these records lack.
            plain: what this codec makes of the feature columns without network and table, if the
                caller knows it.
            choice: the ways to compare; None for all that the codec has.
        """
        return BlockWriter(self, choice or WayChoice()).write(records, plain)

    def choice(self, effort: Effort) -> WayChoice:
        """Return the ways that blocks of an effort compare; all, if none were measured at fit."""
        return choice_of(effort, self.provenance.ways, len(self.columns), self.mapped_subcolumns)

    def measure_ways(self, blocks: Iterable[pa.RecordBatch]) -> tuple[WayRecord, ...]:
        """Measure on some blocks what `choice` chooses by."""
        tally = WayTally()
        for block in blocks:
            self.encode(block, choice=tally)
        return tally.measured(len(self.columns), self.mapped_subcolumns)

    @property
    def mapped_subcolumns(self) -> tuple[str, ...]:
        """Names of the sub-columns of mapped columns, in the order of blocks."""
        mappings = () if self.table is None else self.table.mappings
        return tuple(one.name for mapping in mappings for one in mapping.subcolumns)

    def codes(self, records: pa.RecordBatch) -> Int64[np.ndarray, "windows latent"]:
        """Return the codes of some rows; ValueError if there is no network."""
        return BlockWriter(self, WayChoice()).codes(records)

    def decode(
        self, content: bytes, most_rows: int, wanted: Collection[str] | None = None
    ) -> dict[str, pa.Array]:
        """Decode columns, all that the block has or those wanted, by name.

        Raises:
            ValueError: the block is damaged.
        """
        latent_dim = 0 if self.network is None else self.network.decoder.latent_dim
        n_subcolumns = () if self.table is None else self.table.n_subcolumns
        block = read_block(
            content, len(self.columns), latent_dim, most_rows, n_subcolumns, self.vector_lanes
        )
        mapped = [] if self.table is None else list(self.table.mapped)
        mapped = [name for name in mapped if wanted is None or name in wanted]
        names = [
            name
            for name in self.schema.features
            if (wanted is None or name in wanted) and name not in mapped
        ]
        spans = dict(zip(self.schema.features, self.schema.spans, strict=True))
        numbers = [number for name in names for number in spans[name]]
        decoding = self._decoding(block)
        arrays: dict[str, pa.Array] = {}
        if self.table is None:
            for number in self._decoding_order(block, numbers):
                decoding.decode(number)
        else:
            walk = TableDecoding(self.table, decoding, self.schema.lanes, tuple(self.coding_order))
            arrays = walk.run(numbers, mapped)
        own = {name: self._join(name, spans[name], decoding) for name in names}
        return own | arrays

    def _join(self, name: str, numbers: range, decoding: FeatureDecoding) -> pa.Array:
        """Return a feature column from its decoded lanes."""
        lanes = [decoding.arrays[number] for number in numbers]
        if name not in self._vectors:
            return lanes[0]
        kind = self.schema.arrow.field(name).type
        block = decoding.block
        return join_vectors(lanes, block.vectors[numbers], kind, block.n_rows)

    def _decoding(self, block: BlockStreams) -> FeatureDecoding:
        predict = partial(self._network_predictions, block)
        return FeatureDecoding(self.columns, self.predictor, block, predict)

    @property
    def lane_order(self) -> list[int]:
        """Feature numbers in the order in which they are coded without a table model."""
        if self.predictor is None:
            return list(range(len(self.columns)))
        return self.predictor.order.tolist()

    @cached_property
    def coding_order(self) -> list[str]:
        """Sub-columns of the table, and the lanes that have none, each before who needs it."""
        if self.table is None:
            return [self.schema.lanes[number] for number in self.lane_order]
        mapped, lanes = self.table.mapped, self.schema.lanes
        owners = zip(self.schema.features, self.schema.spans, strict=True)
        elsewhere = {n for name, numbers in owners if name in mapped for n in numbers}
        return interleaved(
            self.table.model.order, self.lane_order, lanes, self.table.cells, elsewhere
        )

    def _decoding_order(self, block: BlockStreams, numbers: list[int]) -> list[int]:
        if self.predictor is None:
            return numbers
        methods = [column.method for column in block.columns]
        predicted = {n for n, method in enumerate(methods) if method in LINEAR_METHODS}
        return self.predictor.needed(numbers, predicted)

    def _network_predictions(self, block: BlockStreams) -> dict[int, Float64[np.ndarray, "rows"]]:
        """Predict columns with the network, by number; none without it or without codes."""
        if self.network is None or not block.codes:
            return {}
        codes = _unpack_codes(block, self.network.n_windows(block.n_rows))
        return self.network.predict(codes, block.n_rows)


def _unpack_codes(block: BlockStreams, n_windows: int) -> Int16[np.ndarray, "windows latent"]:
    """Unpack the codes of all windows; larger ones than an encoder writes would not stay exact."""
    codes = np.empty((len(block.codes), n_windows), np.int16)
    for place, content in zip(codes, block.codes, strict=True):
        found = unpack_integers(content, n_windows)
        if found.size and (found.min() < -CODE_MAX or found.max() > CODE_MAX):
            raise ValueError(f"codes beyond {CODE_MAX}")
        place[:] = found
    return codes.T
