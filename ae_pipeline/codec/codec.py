"""A fitted codec in memory: blocks to latents, latents to columns. Needs numpy, not TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any  # settings as a JSON tree

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from ae_pipeline.architecture import Architecture, Weights
from ae_pipeline.blocks import Block, block_to_matrix, matrix_to_values
from ae_pipeline.codec.content import content_id
from ae_pipeline.distribution import Reference
from ae_pipeline.fidelity import Fidelity
from ae_pipeline.inference import decode_matrix, encode_matrix
from ae_pipeline.results import Candidate, EpochRecord, RareColumn, TrainingSummary
from ae_pipeline.schema import TableSchema
from ae_pipeline.standardization import Standardization


@dataclass(frozen=True)
class Provenance:
    """Where a codec came from; not part of its identity.

    Args:
        source: path it was fitted on.
        fit_key: hash of source fingerprints and settings; the same key means the same fit.
        n_rows: rows measured.
        training: how training went.
        history: losses, epoch by epoch.
        tolerance: the settings that tolerances were resolved from, for archives.
        plan: what it was compared with, for archives.
        references: how the values of each feature column were spread, for archives.
        columns: what the promise leaves of each feature column, for archives.
        rare: columns whose rare values are lost, for features.
    """

    source: str
    fit_key: str
    n_rows: int
    training: TrainingSummary
    history: tuple[EpochRecord, ...] = ()
    tolerance: dict[str, Any] | None = None
    plan: tuple[Candidate, ...] = ()
    references: tuple[Reference, ...] = ()
    columns: tuple[Fidelity, ...] = ()
    rare: tuple[RareColumn, ...] = ()


@dataclass(frozen=True)
class Codec:
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
        return content_id(
            self.schema, self.std, self.standardization, self.architecture, self.weights
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
