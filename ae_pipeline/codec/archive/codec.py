"""The archive codec: blocks of rows ↔ bytes in which every value keeps its promise.

Direct coding, linear prediction, the network and the table model compete in every block, column by
column, by the bytes they take; the network is dropped from a block in which it does not pay for
its codes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, TypeAlias

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int16, Int64

from ae_pipeline.codec.archive.column import (
    ColumnCodec,
    Present,
    Stored,
    store_elsewhere,
)
from ae_pipeline.codec.archive.content import ARCHIVE_KIND, ArchiveContent
from ae_pipeline.codec.archive.decoding import FeatureDecoding, TableDecoding
from ae_pipeline.codec.archive.encoding import FeatureWalk, TableWalk
from ae_pipeline.codec.archive.network import ArchiveNetwork
from ae_pipeline.codec.provenance import Provenance
from ae_pipeline.coding import (
    CODE_MAX,
    LINEAR_METHODS,
    BlockStreams,
    pack_each,
    read_block,
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
        n_columns = max(len(self.schema.arrow), 1)
        return max(_LEAST_ROWS, min(MOST_ROWS, _BLOCK_VALUES // n_columns))

    def encode(self, records: pa.RecordBatch, plain: BlockStreams | None = None) -> BlockStreams:
        """Encode some rows, in the fewest bytes of the ways compared.

        Args:
            records: rows of a block; columns that the codec does not code are left out, and so are
                mapped columns that these records lack.
            plain: what this codec makes of the feature columns without network and table, if the
                caller knows it.
        """
        present, ways = self._directly(records)
        codes: tuple[bytes, ...] = ()
        if self.network is not None and len(records):
            plain = plain or self._features(records, present, ways, ())
            codes, learned = self._learned(self.network, records, present, ways)
            block = self._features(records, present, learned, codes)
            if len(plain.to_bytes()) <= len(block.to_bytes()):
                block, codes = plain, ()
            else:
                ways = learned
        elif self.table is None:
            return plain or self._features(records, present, ways, ())
        if self.table is None:
            return block
        walk = FeatureWalk(self.predictor, present, ways)
        numbers = {name: number for number, name in enumerate(self.schema.features)}
        splits = self.table.split(records)
        columns, mapped = TableWalk(self.table, walk, numbers, splits, len(records)).run()
        return BlockStreams(len(records), codes, columns, mapped)

    def _directly(self, records: pa.RecordBatch) -> tuple[list[Present], Ways]:
        """Store every feature column without prediction; mapped ones have nothing to store."""
        present: list[Present] = []
        ways: Ways = []
        for name, column in zip(self.schema.features, self.columns, strict=True):
            if self.table is not None and name in self.table.mapped:
                part, stored = store_elsewhere(len(records))
            else:
                part = column.present(records.column(name))
                stored = column.direct(part)
            present.append(part)
            ways.append([stored])
        return present, ways

    def _features(
        self, records: pa.RecordBatch, present: list[Present], ways: Ways, codes: tuple[bytes, ...]
    ) -> BlockStreams:
        """Encode the feature columns alone, without the table model."""
        walk = FeatureWalk(self.predictor, present, ways)
        return BlockStreams(len(records), codes, walk.run(self._order))

    def _learned(
        self,
        network: ArchiveNetwork,
        records: pa.RecordBatch,
        present: list[Present],
        ways: Ways,
    ) -> tuple[tuple[bytes, ...], Ways]:
        """Return the packed codes of the network, and the ways with its residuals among them."""
        codes = self._codes(network, records, present)
        learned = [list(own) for own in ways]
        for number, prediction in network.predict(codes, len(records)).items():
            column, part = self.columns[number], present[number]
            if column.has_cells:
                residuals = column.network_residuals(part, prediction[part.is_valid])
                learned[number].append(residuals)
        return tuple(pack_each(codes.T.copy())), learned

    def codes(self, records: pa.RecordBatch) -> Int64[np.ndarray, "windows latent"]:
        """Return the codes of some rows; ValueError if there is no network."""
        if self.network is None:
            raise ValueError("a codec without a network has no codes")
        present, _ = self._directly(records)
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
        n_rows = len(present[0].is_valid) if present else 0
        units = np.full((len(numbers), n_rows), np.nan)
        for place, number in enumerate(numbers.tolist()):
            part = present[number]
            if self.columns[number].has_cells:
                units[place, part.is_valid] = self.columns[number].units_of(part.values)
        return units.T

    def decode(
        self, content: bytes, most_rows: int, wanted: Collection[str] | None = None
    ) -> dict[str, pa.Array]:
        """Decode columns, all that the block has or those wanted, by name.

        Raises:
            ValueError: the block is damaged.
        """
        latent_dim = 0 if self.network is None else self.network.decoder.latent_dim
        n_subcolumns = () if self.table is None else self.table.n_subcolumns
        block = read_block(content, len(self.columns), latent_dim, most_rows, n_subcolumns)
        mapped = [] if self.table is None else list(self.table.mapped)
        mapped = [name for name in mapped if wanted is None or name in wanted]
        numbers = [
            number
            for number, name in enumerate(self.schema.features)
            if (wanted is None or name in wanted) and name not in mapped
        ]
        if self.table is None:
            return self._decode_features(block, numbers)
        features = self._decoding(block)
        return TableDecoding(self.table, features, self.schema.features).run(numbers, mapped)

    def _decode_features(self, block: BlockStreams, numbers: list[int]) -> dict[str, pa.Array]:
        """Decode the wanted features of a block without other columns."""
        decoding = self._decoding(block)
        for number in self._decoding_order(block, numbers):
            decoding.decode(number)
        return {self.schema.features[number]: decoding.arrays[number] for number in numbers}

    def _decoding(self, block: BlockStreams) -> FeatureDecoding:
        predict = partial(self._network_predictions, block)
        return FeatureDecoding(self.columns, self.predictor, block, predict)

    @property
    def _order(self) -> list[int]:
        """Feature numbers in the order in which they are coded without a table model."""
        if self.predictor is None:
            return list(range(len(self.columns)))
        return self.predictor.order.tolist()

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
