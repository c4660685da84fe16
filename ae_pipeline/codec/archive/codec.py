"""The error-bounded codec: blocks of rows ↔ bytes in which every value keeps its promise.

Direct coding, linear prediction and the network compete in every block, column by column, by the
bytes they take; the network is dropped from a block in which it does not pay for its codes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeAlias

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int16, Int64

from ae_pipeline.codec.archive.column import (
    ColumnCodec,
    Predictions,
    Present,
    Stored,
    add_linear_ways,
    present_columns,
    smallest,
    store_directly,
)
from ae_pipeline.codec.archive.content import ARCHIVE_KIND, ArchiveContent
from ae_pipeline.codec.archive.network import ArchiveNetwork
from ae_pipeline.codec.provenance import Provenance
from ae_pipeline.coding import (
    CODE_MAX,
    LINEAR_METHODS,
    NETWORK_METHODS,
    BlockStreams,
    ColumnStreams,
    LinearPredictor,
    Method,
    pack_each,
    read_block,
    source_cells,
    unpack_integers,
)

_BLOCK_VALUES = 1 << 22
#: A reader refuses larger blocks: what a few bytes claim must not fill the memory.
MOST_ROWS = 1 << 17
_LEAST_ROWS = 1 << 12

#: Ways to store each column, direct coding first.
Ways: TypeAlias = list[list[Stored]]


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
        """One codec per feature column."""
        return tuple(map(ColumnCodec, self.schema.feature_types, self.quantizers))

    @property
    def block_rows(self) -> int:
        """Rows of a full block, so that its values take 32 MiB whatever the number of columns."""
        n_columns = max(len(self.schema.arrow), 1)
        return max(_LEAST_ROWS, min(MOST_ROWS, _BLOCK_VALUES // n_columns))

    def encode(self, records: pa.RecordBatch, plain: BlockStreams | None = None) -> BlockStreams:
        """Encode the feature columns of some rows, in the fewest bytes of the ways compared.

        Args:
            records: rows of a block.
            plain: what this codec makes of them without its network, if the caller knows it.
        """
        present = present_columns(self.columns, records, self.schema.features)
        ways = store_directly(self.columns, present)
        if plain is None:
            plain = BlockStreams(len(records), (), self._smallest(present, ways))
        if self.network is None or not len(records):
            return plain
        codes = self._codes(self.network, records, present)
        for number, prediction in self.network.predict(codes, len(records)).items():
            column, part = self.columns[number], present[number]
            if column.has_cells:
                ways[number].append(column.network_residuals(part, prediction[part.is_valid]))
        packed = tuple(pack_each(codes.T.copy()))
        learned = BlockStreams(len(records), packed, self._smallest(present, ways))
        return min(plain, learned, key=lambda block: len(block.to_bytes()))

    def codes(self, records: pa.RecordBatch) -> Int64[np.ndarray, "windows latent"]:
        """Return the codes of some rows; ValueError if there is no network."""
        if self.network is None:
            raise ValueError("a codec without a network has no codes")
        present = present_columns(self.columns, records, self.schema.features)
        return self._codes(self.network, records, present)

    def _codes(
        self, network: ArchiveNetwork, records: pa.RecordBatch, present: list[Present]
    ) -> Int64[np.ndarray, "windows latent"]:
        units = self._units(present, network.columns)
        return network.encode(records, self.schema.features, units)

    def _units(
        self, present: list[Present], numbers: Int64[np.ndarray, "inputs"]
    ) -> Float64[np.ndarray, "rows inputs"]:
        """Return some columns in tolerance units, NaN where there are none."""
        units = np.full((len(numbers), len(present[0].is_valid)), np.nan)
        for place, number in enumerate(numbers.tolist()):
            part = present[number]
            if self.columns[number].has_cells:
                units[place, part.is_valid] = self.columns[number].units_of(part.values)
        return units.T

    def decode(
        self, content: bytes, most_rows: int, wanted: Collection[str] | None = None
    ) -> dict[str, pa.Array]:
        """Decode feature columns, all of them or those wanted, by name.

        Raises:
            ValueError: the block is damaged.
        """
        latent_dim = 0 if self.network is None else self.network.decoder.latent_dim
        block = read_block(content, len(self.columns), latent_dim, most_rows)
        numbers = [
            number
            for number, name in enumerate(self.schema.features)
            if wanted is None or name in wanted
        ]
        decoded = self._decode_columns(block, numbers)
        return {self.schema.features[number]: decoded[number] for number in numbers}

    def _smallest(self, present: list[Present], ways: Ways) -> tuple[ColumnStreams, ...]:
        """Choose the best way of each column; later ones are predicted from what was chosen."""
        if self.predictor is None:
            return tuple(smallest(way).streams for way in ways)
        chosen: dict[int, ColumnStreams] = {}
        cells = np.zeros((len(ways), len(present[0].is_valid)))
        for number in self.predictor.order.tolist():
            part = present[number]
            best = smallest(_with_linear(self.predictor, number, part, ways[number], cells))
            chosen[number] = best.streams
            cells[number] = source_cells(best.cells, part.is_valid)
        return tuple(chosen[number] for number in range(len(ways)))

    def _decode_columns(self, block: BlockStreams, numbers: list[int]) -> dict[int, pa.Array]:
        """Decode the wanted columns, after those that they are predicted from."""
        arrays: dict[int, pa.Array] = {}
        order = self._decoding_order(block, numbers)
        network = self._network_predictions(block, order)
        cells = np.zeros((len(self.columns) if len(order) else 0, block.n_rows))
        for number in order:
            streams = block.columns[number]
            predictions = Predictions(network.get(number))
            if self.predictor is not None and streams.method is Method.LINEAR_RESIDUALS:
                follows = bool(self.predictor.follows[number])
                predictions = Predictions(None, self.predictor.base(number, cells), follows)
            elif self.predictor is not None and streams.method is Method.LINEAR_CONTEXTS:
                context_values = self.predictor.context_values(number, cells)
                predictions = Predictions(context_values=context_values)
            decoded = self.columns[number].decode(streams, block.n_rows, predictions)
            arrays[number] = decoded.array
            cells[number] = source_cells(decoded.cells, decoded.is_valid)
        return arrays

    def _decoding_order(self, block: BlockStreams, numbers: list[int]) -> list[int]:
        if self.predictor is None:
            return numbers
        methods = [column.method for column in block.columns]
        predicted = {n for n, method in enumerate(methods) if method in LINEAR_METHODS}
        return self.predictor.needed(numbers, predicted)

    def _network_predictions(
        self, block: BlockStreams, numbers: list[int]
    ) -> dict[int, Float64[np.ndarray, "rows"]]:
        """Predict with the network, the costliest step, if one of these columns needs it."""
        is_needed = any(block.columns[number].method in NETWORK_METHODS for number in numbers)
        if self.network is None or not block.codes or not is_needed:
            return {}
        codes = _unpack_codes(block, self.network.n_windows(block.n_rows))
        return self.network.predict(codes, block.n_rows)


def _with_linear(
    predictor: LinearPredictor,
    number: int,
    present: Present,
    ways: list[Stored],
    cells: Float64[np.ndarray, "features rows"],
) -> list[Stored]:
    """Return the ways of one column, linear prediction among them where there is one."""
    if ways[0].streams.method is not Method.DIRECT or not len(present.values):
        return ways
    prediction = predictor.predict(number, cells, present.is_valid)
    return ways if prediction is None else add_linear_ways(ways, prediction)


def _unpack_codes(block: BlockStreams, n_windows: int) -> Int16[np.ndarray, "windows latent"]:
    """Unpack the codes of all windows; larger ones than an encoder writes would not stay exact."""
    codes = np.empty((len(block.codes), n_windows), np.int16)
    for place, content in zip(codes, block.codes, strict=True):
        found = unpack_integers(content, n_windows)
        if found.size and (found.min() < -CODE_MAX or found.max() > CODE_MAX):
            raise ValueError(f"codes beyond {CODE_MAX}")
        place[:] = found
    return codes.T
