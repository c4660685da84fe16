"""The error-bounded codec: blocks of rows ↔ bytes in which every value keeps its promise.

Direct coding, linear prediction and the network compete in every block, column by column, by the
bytes they take; the network is dropped from a block in which it does not pay for its codes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int16, Int64

from ae_pipeline.codec.archive.column import ColumnCodec, Hints, Present, Stored, fill_rows
from ae_pipeline.codec.archive.content import ArchiveContent
from ae_pipeline.codec.archive.network import ArchiveNetwork
from ae_pipeline.codec.archive.residuals import CORRECTED
from ae_pipeline.codec.provenance import Provenance
from ae_pipeline.coding import (
    CODE_MAX,
    BlockStreams,
    ColumnStreams,
    Method,
    bounded,
    cells_near,
    hints_near,
    pack_integers,
    read_block,
    unpack_integers,
)

_BLOCK_VALUES = 1 << 22
#: A reader refuses larger blocks: what a few bytes claim must not fill the memory.
MOST_ROWS = 1 << 17
_LEAST_ROWS = 1 << 12

#: What needs the cells of other columns.
_FROM_COLUMNS = {Method.PREDICTED, Method.CLASSED}

#: Ways to store each column, direct coding first.
Ways: TypeAlias = list[list[Stored]]


@dataclass(frozen=True)
class ArchiveCodec(ArchiveContent):
    """Encodes and decodes blocks.

    Args:
        provenance: where it came from; not part of its identity.
    """

    provenance: Provenance

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
        """The feature columns of some rows, in as few bytes as the ways compared here take.

        Args:
            records: rows of a block.
            plain: what the same codec without its network makes of them, if that is known.
        """
        present = self._present(records)
        ways: Ways = [
            [column.direct(part)] for column, part in zip(self.columns, present, strict=True)
        ]
        if plain is None:
            plain = BlockStreams(len(records), (), self._smallest(present, ways))
        if self.network is None or not len(records):
            return plain
        codes = self._codes(self.network, records, present)
        for number, prediction in self.network.predict(codes, len(records)).items():
            chosen = prediction[present[number].is_valid]
            if self.columns[number].grid.has_cells:
                ways[number].append(self.columns[number].corrected(present[number], chosen))
        packed = tuple(pack_integers(column) for column in codes.T.copy())
        learned = BlockStreams(len(records), packed, self._smallest(present, ways))
        return min(plain, learned, key=lambda block: len(block.to_bytes()))

    def codes(self, records: pa.RecordBatch) -> Int64[np.ndarray, "windows latent"]:
        """What the network's encoder says of some rows; ValueError if there is no network."""
        if self.network is None:
            raise ValueError("a codec without a network has no codes")
        return self._codes(self.network, records, self._present(records))

    def _present(self, records: pa.RecordBatch) -> list[Present]:
        return [
            column.present(records.column(name))
            for name, column in zip(self.schema.features, self.columns, strict=True)
        ]

    def _codes(
        self, network: ArchiveNetwork, records: pa.RecordBatch, present: list[Present]
    ) -> Int64[np.ndarray, "windows latent"]:
        units = self._units(present, network.columns)
        return network.encode(records, self.schema.features, units)

    def _units(
        self, present: list[Present], numbers: Int64[np.ndarray, "inputs"]
    ) -> Float64[np.ndarray, "rows inputs"]:
        """Some columns in tolerance units, NaN where they have none."""
        units = np.full((len(numbers), len(present[0].is_valid)), np.nan)
        for place, number in enumerate(numbers.tolist()):
            part = present[number]
            if self.columns[number].grid.has_cells:
                units[place, part.is_valid] = self.columns[number].units_of(part.values)
        return units.T

    def decode(
        self, content: bytes, most_rows: int, wanted: Collection[str] | None = None
    ) -> dict[str, pa.Array]:
        """Feature columns by name, all of them or those wanted.

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
        """The best way of each column; linear prediction depends on what was chosen before."""
        if self.predictor is None:
            return tuple(min(way, key=_n_bytes).streams for way in ways)
        chosen: dict[int, ColumnStreams] = {}
        cells = np.zeros((len(ways), len(present[0].is_valid)))
        for number in self.predictor.order.tolist():
            best = min(
                self._with_predicted(number, present[number], ways[number], cells), key=_n_bytes
            )
            chosen[number] = best.streams
            cells[number] = bounded(fill_rows(best.cells, present[number].is_valid))
        return tuple(chosen[number] for number in range(len(ways)))

    def _with_predicted(
        self,
        number: int,
        present: Present,
        ways: list[Stored],
        cells: Float64[np.ndarray, "features rows"],
    ) -> list[Stored]:
        """Ways of one column, linear prediction among them if it has something to go by."""
        predictor, direct = self.predictor, ways[0]
        if predictor is None or direct.streams.method is not Method.DIRECT:
            return ways
        if not predictor.predicts(number) or not len(present.values):
            return ways
        column, is_valid = self.columns[number], present.is_valid
        prediction = predictor.prediction(number, cells)[is_valid]
        follows = bool(predictor.follows[number])
        predicted = column.predicted(direct, cells_near(prediction), follows)
        if follows:  # the base says what to add to the cell before, not where the cell is
            return [*ways, predicted]
        most_bytes = min(len(way.streams.main) for way in (*ways, predicted))
        classed = column.classed(direct, hints_near(prediction), most_bytes)
        return [*ways, predicted, *filter(None, [classed])]

    def _decode_columns(self, block: BlockStreams, numbers: list[int]) -> dict[int, pa.Array]:
        """The wanted columns, once those that they are predicted from are decoded."""
        arrays: dict[int, pa.Array] = {}
        order = self._decoding_order(block, numbers)
        predictions = self._predictions(block, order)
        cells = np.zeros((len(self.columns) if len(order) else 0, block.n_rows))
        for number in order:
            streams, hints = block.columns[number], Hints(predictions.get(number))
            if self.predictor is not None and streams.method is Method.PREDICTED:
                follows = bool(self.predictor.follows[number])
                hints = Hints(None, self.predictor.base(number, cells), follows)
            elif self.predictor is not None and streams.method is Method.CLASSED:
                hints = Hints(classes=self.predictor.hint(number, cells))
            decoded = self.columns[number].decode(streams, block.n_rows, hints)
            arrays[number] = decoded.array
            cells[number] = bounded(fill_rows(decoded.cells, decoded.is_valid))
        return arrays

    def _decoding_order(self, block: BlockStreams, numbers: list[int]) -> list[int]:
        if self.predictor is None:
            return numbers
        methods = [column.method for column in block.columns]
        predicted = {n for n, method in enumerate(methods) if method in _FROM_COLUMNS}
        return self.predictor.needed(numbers, predicted)

    def _predictions(
        self, block: BlockStreams, numbers: list[int]
    ) -> dict[int, Float64[np.ndarray, "rows"]]:
        """What the network says, if one of these columns asks; it costs more than all else."""
        is_asked = any(block.columns[number].method in CORRECTED for number in numbers)
        if self.network is None or not block.codes or not is_asked:
            return {}
        codes = _unpack_codes(block, self.network.n_windows(block.n_rows))
        return self.network.predict(codes, block.n_rows)


def _n_bytes(stored: Stored) -> int:
    return stored.n_bytes


def _unpack_codes(block: BlockStreams, n_windows: int) -> Int16[np.ndarray, "windows latent"]:
    """Codes of all windows; larger ones than an encoder writes would not stay exact."""
    codes = np.empty((len(block.codes), n_windows), np.int16)
    for place, content in zip(codes, block.codes, strict=True):
        found = unpack_integers(content, n_windows)
        if found.size and (found.min() < -CODE_MAX or found.max() > CODE_MAX):
            raise ValueError(f"codes beyond {CODE_MAX}")
        place[:] = found
    return codes.T
