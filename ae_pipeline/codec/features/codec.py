"""The features codec in memory: blocks to latents and back, with numpy, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar  # JSON trees

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from ae_pipeline.blocks.block import Block
from ae_pipeline.blocks.matrix import block_to_matrix, matrix_to_values
from ae_pipeline.codec.content import architecture_to_json, columns_to_json, content_id, nullable
from ae_pipeline.codec.features.rounding import EXACT, LatentRounding, rounding_to_json
from ae_pipeline.codec.provenance import Provenance
from ae_pipeline.coding import Architecture, Weights, decode_matrix, encode_matrix, fill_tiles
from ae_pipeline.columns import Standardization, TableSchema


@dataclass(frozen=True)
class FeaturesCodec:
    """Schema, standardisation and networks.

    Args:
        schema: source schema and roles.
        std: standard deviation of each feature column at fit time, the unit of standardised errors.
        standardization: source units to network inputs.
        architecture: shape of the networks.
        weights: by the names of `Architecture.weight_shapes`.
        provenance: where it came from.
        rounding: of what `encode` returns.
    """

    schema: TableSchema
    std: Float64[np.ndarray, "features"]
    standardization: Standardization
    architecture: Architecture
    weights: Weights
    provenance: Provenance
    rounding: LatentRounding = EXACT

    kind: ClassVar[str] = "features"

    @cached_property
    def id(self) -> str:
        """20 hex digits of the hash of everything that decides what is written and decoded."""
        labelled = [
            (f"{name}{shape}", np.ascontiguousarray(self.weights[name], dtype="<f4"))
            for name, shape in self.architecture.weight_shapes().items()
        ]
        return content_id(features_to_json(self), labelled)

    @property
    def latent_dim(self) -> int:
        """Numbers per row in the bottleneck."""
        return self.architecture.latent_dim

    def encode(self, block: Block) -> Float32[np.ndarray, "rows latent"]:
        """Encode a block to rounded latents; missing values enter as their column's centre.

        The latent of a row is the same, bit for bit, whichever rows it comes with.
        """
        matrix = block_to_matrix(block, self.standardization)
        if block.missing is not None:
            np.nan_to_num(matrix, copy=False, nan=0.0)
        latents = encode_matrix(self.architecture, self.weights, fill_tiles(matrix))
        return self.rounding.apply(latents[: block.n_rows])

    def decode(
        self,
        latents: Float32[np.ndarray, "rows latent"],
        missing: UInt8[np.ndarray, "features rows"] | None,
    ) -> Block:
        """Decode latents to feature columns in source units, with missing values marked.

        As in `encode`, a row does not depend on those that come with it.
        """
        matrix = decode_matrix(self.architecture, self.weights, fill_tiles(latents))[: len(latents)]
        values = matrix_to_values(matrix, self.standardization)
        if missing is not None:
            values[missing != 0] = np.nan
        return Block(values, missing)

    def differs_from_constant(self, block: Block) -> Bool[np.ndarray, "features"]:
        """Return the columns that were constant at fit time and are not in this block.

        Their values decode to the constant, so callers that write a block must warn.
        """
        is_constant = self.standardization.is_constant
        present = block.values[is_constant]
        constant = self.standardization.center[is_constant, None]
        differs = np.zeros(len(is_constant), bool)
        differs[is_constant] = (~np.isnan(present) & (present != constant)).any(axis=1)
        return differs


def features_to_json(codec: FeaturesCodec) -> dict[str, Any]:
    """Write everything but the weights as a JSON tree."""
    standardization = codec.standardization
    numbers = zip(
        nullable(standardization.center),
        nullable(standardization.scale),
        nullable(codec.std),
        strict=True,
    )
    more = [{"center": center, "scale": scale, "std": std} for center, scale, std in numbers]
    return {
        **columns_to_json(codec.schema, more),
        "clip_sigma": standardization.clip_sigma,
        "architecture": architecture_to_json(codec.architecture),
        **rounding_to_json(codec.rounding),
    }
