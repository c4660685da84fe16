"""The network of an archive: rows to codes, codes to predictions in tolerance units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Float64, Int, Int64, Shaped

from ae_pipeline.blocks.block import records_to_block
from ae_pipeline.blocks.matrix import block_to_matrix
from ae_pipeline.blocks.windows import rows_to_windows, windows_to_rows
from ae_pipeline.codec.archive.network.code_search import (
    LEAST_DISTANCE,
    nearest_codes,
    search_codes,
)
from ae_pipeline.coding import Architecture, IntegerDecoder, Weights, encode_matrix, round_columns
from ae_pipeline.columns import Standardization

SHIFT = "/shift"


@dataclass(frozen=True)
class ArchiveNetwork:
    """Encoder, of any precision, and exact decoder of the columns in `standardization`.

    Args:
        standardization: source units to network inputs; columns of scale 0 take no part.
        window: consecutive rows per input.
        architecture: shape of both; inputs are the columns of all rows of a window.
        encoder: float32 weights by name.
        encoder_bits: bits of each stored weight of the encoder, its sign among them.
        code_step: latents per code.
        decoder: codes to predictions in tolerance units.
    """

    standardization: Standardization
    window: int
    architecture: Architecture
    encoder: Weights
    encoder_bits: int
    code_step: Float32[np.ndarray, "latent"]
    decoder: IntegerDecoder

    def as_stored(self) -> ArchiveNetwork:
        """Return the network with its encoder rounded as a reader gets it."""
        return replace(self, encoder=restore_encoder(self.stored_encoder()))

    def stored_encoder(self) -> dict[str, Shaped[np.ndarray, "..."]]:
        """Return kernels as integers with the shift of each column, and biases as floats."""
        stored: dict[str, Shaped[np.ndarray, "..."]] = {}
        for name in self.architecture.weight_shapes():
            if name.startswith("encoder/") and name.endswith("/kernel"):
                largest = (1 << (self.encoder_bits - 1)) - 1
                integers, shift = round_columns(self.encoder[name], largest)
                stored[name] = integers.astype(np.int16)
                stored[name + SHIFT] = shift
            elif name.startswith("encoder/"):
                stored[name] = np.ascontiguousarray(self.encoder[name], dtype="<f4")
        return stored

    @property
    def columns(self) -> Int64[np.ndarray, "inputs"]:
        """Feature numbers of the columns that the network sees and predicts."""
        return np.flatnonzero(~self.standardization.is_constant)

    def n_windows(self, n_rows: int) -> int:
        """Return the number of windows in `n_rows` rows; the last may be filled up."""
        return -(-n_rows // self.window)

    def encode(
        self,
        records: pa.RecordBatch,
        features: tuple[str, ...],
        units: Float64[np.ndarray, "rows inputs"] | None,
        least_distance: float = LEAST_DISTANCE,
    ) -> Int64[np.ndarray, "windows latent"]:
        """Encode rows to codes; missing values enter as their column's centre.

        Args:
            records: with all feature columns.
            features: their names.
            units: the columns that the network sees, in tolerance units, NaN where there are none;
                None for the codes nearest to the latents.
            least_distance: as in `search_codes`.
        """
        block = records_to_block(records, features)
        matrix = block_to_matrix(block, self.standardization)
        if block.missing is not None:
            np.copyto(matrix, 0.0, where=np.isnan(matrix))
        wide = rows_to_windows(matrix, self.window)
        latents = encode_matrix(self.architecture, self.encoder, wide) / self.code_step
        if units is None:
            return nearest_codes(latents)
        wanted = rows_to_windows(units, self.window)
        return search_codes(self.decoder, latents, wanted, least_distance)

    def predict(
        self, codes: Int[np.ndarray, "windows latent"], n_rows: int
    ) -> dict[int, Float64[np.ndarray, "rows"]]:
        """Return predictions in tolerance units by feature number."""
        rows = windows_to_rows(self.decoder.predict(codes), self.window, n_rows)
        return dict(zip(self.columns.tolist(), rows, strict=True))


def restore_encoder(stored: Mapping[str, Shaped[np.ndarray, "..."]]) -> Weights:
    """Invert `ArchiveNetwork.stored_encoder`, up to the rounding."""
    weights = {}
    for name, array in stored.items():
        if name + SHIFT in stored:
            step = np.ldexp(np.float32(1), -stored[name + SHIFT].astype(np.int32))
            weights[name] = (array * step).astype(np.float32)
        elif not name.endswith(SHIFT):
            weights[name] = array
    return weights
