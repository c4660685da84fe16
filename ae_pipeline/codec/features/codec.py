"""The features codec in memory: rows to latents and back, with numpy, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar  # JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float32, Float64, UInt8

from ae_pipeline.blocks.block import Block
from ae_pipeline.codec.content import architecture_to_json, columns_to_json, content_id, nullable
from ae_pipeline.codec.features.rounding import EXACT, LatentRounding, rounding_to_json
from ae_pipeline.codec.features.texts import texts_to_json
from ae_pipeline.codec.provenance import Provenance
from ae_pipeline.coding import Architecture, Weights, decode_matrix, encode_matrix, fill_tiles
from ae_pipeline.columns import Standardization, TableSchema, has_lanes
from ae_pipeline.inputs import (
    Category,
    Cycle,
    ExactValues,
    RowInputs,
    Text,
    find_exact,
    read_block,
    write_arrays,
)


@dataclass(frozen=True)
class FeaturesCodec:
    """Schema, standardisation and networks.

    Args:
        schema: source schema and roles.
        std: standard deviation of each feature column at fit time, the unit of standardised errors.
        standardization: source units to network inputs, by lane.
        architecture: shape of the networks.
        weights: by the names of `Architecture.weight_shapes`.
        provenance: where it came from.
        categories: lanes of categories, by number; all others are numbers.
        keeps_exact: whether values that the network does not see as they are go beside the latents.
        texts: kept columns whose terms the networks see, by name.
        rounding: of what `encode` returns.
        cycles: of points in time, by the number of their lane.
    """

    schema: TableSchema
    std: Float64[np.ndarray, "features"]
    standardization: Standardization
    architecture: Architecture
    weights: Weights
    provenance: Provenance
    categories: Mapping[int, Category] = field(default_factory=dict)
    keeps_exact: bool = False
    texts: Mapping[str, Text] = field(default_factory=dict)
    rounding: LatentRounding = EXACT
    cycles: Mapping[int, tuple[Cycle, ...]] = field(default_factory=dict)

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

    @cached_property
    def inputs(self) -> RowInputs:
        """Inputs and outputs of the networks, for a row."""
        return RowInputs(self.standardization, self.categories, self.cycles, texts=self.texts)

    def read(self, records: pa.RecordBatch) -> Block:
        """Return the lanes of the feature columns of some rows."""
        return read_block(records, self.schema.lanes, self.categories)

    def write(self, block: Block, exact: ExactValues | None = None) -> list[pa.Array]:
        """Invert `read`; values of `exact` take precedence over those of the block."""
        return write_arrays(block, self.schema, self.categories, exact)

    def exact_values(self, records: pa.RecordBatch, block: Block) -> ExactValues | None:
        """Return what goes beside the latents of these rows; None if the codec keeps nothing."""
        if not self.keeps_exact:
            return None
        return find_exact(records, self.schema.lanes, block, self.inputs)

    def bags(self, records: pa.RecordBatch) -> Float32[np.ndarray, "rows terms"] | None:
        """Return the terms of the columns of text of some rows; None without any."""
        return self.inputs.bags(records)

    def encode(
        self, block: Block, bags: Float32[np.ndarray, "rows terms"] | None = None
    ) -> Float32[np.ndarray, "rows latent"]:
        """Encode a block to rounded latents; missing values enter as their column's centre.

        The latent of a row is the same, bit for bit, whichever rows it comes with.

        Args:
            block: the lanes of some rows.
            bags: of the same rows; without it, texts enter as if they were empty.
        """
        matrix = self.inputs.to_matrix(block, bags)
        if block.missing is not None or self.categories:
            np.nan_to_num(matrix, copy=False, nan=0.0)
        latents = encode_matrix(self.architecture, self.weights, fill_tiles(matrix))
        return self.rounding.apply(latents[: block.n_rows])

    def decode(
        self,
        latents: Float32[np.ndarray, "rows latent"],
        missing: UInt8[np.ndarray, "lanes rows"] | None,
    ) -> Block:
        """Decode latents to lanes in source units, with missing values marked.

        As in `encode`, a row does not depend on those that come with it.
        """
        values = self.inputs.to_values(self.outputs(latents))
        if missing is not None:
            values[missing != 0] = np.nan
        return Block(values, missing)

    def outputs(
        self, latents: Float32[np.ndarray, "rows latent"]
    ) -> Float32[np.ndarray, "rows outputs"]:
        """Return what the network gives for latents: numbers standardised, logits of categories.

        Outputs of texts are left out.
        """
        return decode_matrix(*self._lane_decoder, fill_tiles(latents))[: len(latents)]

    @cached_property
    def _lane_decoder(self) -> tuple[Architecture, Weights]:
        """The networks without the outputs of texts, which decoding does not need."""
        if not self.texts:
            return self.architecture, self.weights
        n_outputs = self.inputs.n_lane_inputs
        last = f"decoder/{len(self.architecture.decoder_hidden)}"
        names = ("decoder/skip/kernel", f"{last}/kernel", f"{last}/bias")
        cut = {name: self.weights[name][..., :n_outputs] for name in names if name in self.weights}
        return replace(self.architecture, n_inputs=n_outputs), {**self.weights, **cut}

    @property
    def is_constant(self) -> Bool[np.ndarray, "lanes"]:
        """Lanes of numbers that the networks do not see."""
        is_constant = self.standardization.is_constant
        is_constant[list(self.categories)] = False
        return is_constant

    def differs_from_constant(self, block: Block) -> Bool[np.ndarray, "lanes"]:
        """Return the lanes that were constant at fit time and are not in this block.

        Unless they are kept exactly, their values decode to the constant. Callers must warn.
        """
        is_constant = self.is_constant
        present = block.values[is_constant]
        constant = self.standardization.center[is_constant, None]
        differs = np.zeros(len(is_constant), bool)
        differs[is_constant] = (~np.isnan(present) & (present != constant)).any(axis=1)
        return differs


def features_to_json(codec: FeaturesCodec) -> dict[str, Any]:
    """Write everything but the weights as a JSON tree."""
    spans, kinds = codec.schema.spans, codec.schema.feature_types
    triples = zip(spans, kinds, nullable(codec.std), strict=True)
    more = [{**_lanes_to_json(codec, span, kind), "std": std} for span, kind, std in triples]
    return {
        **columns_to_json(codec.schema, more),
        "clip_sigma": codec.standardization.clip_sigma,
        "architecture": architecture_to_json(codec.architecture),
        **({"keeps_exact": True} if codec.keeps_exact else {}),
        **({"texts": texts_to_json(codec.texts)} if codec.texts else {}),
        **rounding_to_json(codec.rounding),
    }


def _lanes_to_json(codec: FeaturesCodec, span: range, kind: pa.DataType) -> dict[str, Any]:
    """Write the lanes of one column: numbers, lists of them for vectors, or categories."""
    category = codec.categories.get(span.start)
    if category is not None:
        own = {"values": list(category.values), "shares": list(category.shares)}
        return {"center": None, "scale": 0.0, **own}
    chosen = slice(span.start, span.stop)
    center = nullable(codec.standardization.center[chosen])
    scale = nullable(codec.standardization.scale[chosen])
    if has_lanes(kind):
        return {"center": center, "scale": scale}
    cycles = [cycle.name for cycle in codec.cycles.get(span.start, ())]
    return {"center": center[0], "scale": scale[0], **({"cycles": cycles} if cycles else {})}
