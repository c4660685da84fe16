"""The error-bounded codec: blocks of rows ↔ bytes in which every value keeps its promise.

Prediction by the network and direct coding compete in every block, column by column, by the bytes
they take; the network is dropped from a block in which it does not pay for its codes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from ae_pipeline.codec.archive_content import archive_id
from ae_pipeline.codec.archive_network import ArchiveNetwork
from ae_pipeline.codec.codec import Provenance
from ae_pipeline.codec.column import ColumnCodec
from ae_pipeline.codec.streams import BlockStreams, ColumnStreams, Method, read_block
from ae_pipeline.entropy import pack_integers, unpack_integers
from ae_pipeline.integer_decoder import CODE_MAX
from ae_pipeline.quantization import Grid
from ae_pipeline.schema import TableSchema


@dataclass(frozen=True)
class ArchiveCodec:
    """Schema, grids and, where it pays, a network.

    Args:
        schema: source schema and roles.
        offset: origin of each feature column's grid.
        tolerance: promised absolute error of each feature column; 0 is bit for bit.
        std: standard deviation of each feature column at fit time, the unit of reports.
        network: None if every column is coded directly.
        provenance: where it came from; not part of its identity.
    """

    schema: TableSchema
    offset: Float64[np.ndarray, "features"]
    tolerance: Float64[np.ndarray, "features"]
    std: Float64[np.ndarray, "features"]
    network: ArchiveNetwork | None
    provenance: Provenance

    @cached_property
    def id(self) -> str:
        """20 hex digits of the hash of everything that decides what is written and decoded."""
        return archive_id(self.schema, self.offset, self.tolerance, self.std, self.network)

    @cached_property
    def columns(self) -> tuple[ColumnCodec, ...]:
        """One codec per feature column."""
        return tuple(
            ColumnCodec(kind, Grid(float(offset), float(tolerance)))
            for kind, offset, tolerance in zip(
                self.schema.feature_types, self.offset, self.tolerance, strict=True
            )
        )

    def encode(self, records: pa.RecordBatch) -> BlockStreams:
        """The feature columns of some rows, in as few bytes as the ways compared here take."""
        codes = None
        predictions: dict[int, Float64[np.ndarray, "rows"]] = {}
        if self.network is not None and len(records):
            codes = self.network.encode(records, self.schema.features)
            predictions = self.network.predict(codes, len(records))
        pairs = [
            column.encode(records.column(name), predictions.get(number))
            for number, (name, column) in enumerate(
                zip(self.schema.features, self.columns, strict=True)
            )
        ]
        packed = () if codes is None else tuple(pack_integers(column) for column in codes.T.copy())
        return _smallest(len(records), packed, pairs)

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
        predictions: dict[int, Float64[np.ndarray, "rows"]] = {}
        if self.network is not None and block.codes and _any_corrected(block, numbers):
            codes = _unpack_codes(block, self.network.n_windows(block.n_rows))
            predictions = self.network.predict(codes, block.n_rows)
        return {
            self.schema.features[number]: self.columns[number].decode(
                block.columns[number], block.n_rows, predictions.get(number)
            )
            for number in numbers
        }


def _any_corrected(block: BlockStreams, numbers: list[int]) -> bool:
    """Whether one of these columns needs the network, which costs more than all else."""
    return any(block.columns[number].method is Method.CORRECTED for number in numbers)


def _unpack_codes(block: BlockStreams, n_windows: int) -> Int64[np.ndarray, "windows latent"]:
    """Codes of all windows; larger ones than an encoder writes would not stay exact."""
    codes = np.stack([unpack_integers(code, n_windows) for code in block.codes], axis=1)
    if codes.size and (codes.min() < -CODE_MAX or codes.max() > CODE_MAX):
        raise ValueError(f"codes beyond {CODE_MAX}")
    return codes


def _smallest(
    n_rows: int,
    codes: tuple[bytes, ...],
    pairs: list[tuple[ColumnStreams, ColumnStreams | None]],
) -> BlockStreams:
    """Per column the smaller way; without codes if that is smaller in all, directory included."""
    direct = BlockStreams(n_rows, (), tuple(alone for alone, _ in pairs))
    if not codes:
        return direct
    mixed = tuple(
        alone if corrected is None or alone.n_bytes <= corrected.n_bytes else corrected
        for alone, corrected in pairs
    )
    with_network = BlockStreams(n_rows, codes, mixed)
    return min(direct, with_network, key=lambda block: len(block.to_bytes()))
