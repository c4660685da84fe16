"""A fitted codec in memory: blocks to latents, latents to columns. Needs numpy, not TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from ae_pipeline.blocks.block import Block
from ae_pipeline.blocks.matrix import block_to_matrix, matrix_to_values
from ae_pipeline.codec.content import content_to_json
from ae_pipeline.codec.identity import content_id
from ae_pipeline.codec.provenance import Provenance
from ae_pipeline.coding import Architecture, Weights, decode_matrix, encode_matrix
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
    """

    schema: TableSchema
    std: Float64[np.ndarray, "features"]
    standardization: Standardization
    architecture: Architecture
    weights: Weights
    provenance: Provenance

    @cached_property
    def id(self) -> str:
        """20 hex digits of the hash of everything that decides what is written and decoded."""
        tree = content_to_json(self.schema, self.std, self.standardization, self.architecture)
        shapes = self.architecture.weight_shapes()
        return content_id(
            tree,
            (
                (f"{name}{shape}", np.ascontiguousarray(self.weights[name], dtype="<f4"))
                for name, shape in shapes.items()
            ),
        )

    @property
    def latent_dim(self) -> int:
        """Numbers per row in the bottleneck."""
        return self.architecture.latent_dim

    def encode(self, block: Block) -> Float32[np.ndarray, "rows latent"]:
        """Latents of a block; missing values enter as their column's centre."""
        matrix = block_to_matrix(block, self.standardization)
        if block.missing is not None:
            np.nan_to_num(matrix, copy=False, nan=0.0)
        return encode_matrix(self.architecture, self.weights, matrix)

    def decode(
        self,
        latents: Float32[np.ndarray, "rows latent"],
        missing: UInt8[np.ndarray, "features rows"] | None,
    ) -> Block:
        """Feature columns in source units, missing values marked."""
        matrix = decode_matrix(self.architecture, self.weights, latents)
        values = matrix_to_values(matrix, self.standardization)
        if missing is not None:
            values[missing != 0] = np.nan
        return Block(values, missing)

    def differs_from_constant(self, block: Block) -> Bool[np.ndarray, "features"]:
        """Columns that were constant at fit time and are not in this block.

        Their values decode to the constant, so whoever writes a block must say so.
        """
        is_constant = self.standardization.is_constant
        present = block.values[is_constant]
        constant = self.standardization.center[is_constant, None]
        differs = np.zeros(len(is_constant), bool)
        differs[is_constant] = (~np.isnan(present) & (present != constant)).any(axis=1)
        return differs
