"""What an archive codec is, as data: canonical JSON, arrays, and the hash that is its id."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any  # JSON trees

import numpy as np
from jaxtyping import Float64

from ae_pipeline.codec.archive.network import SHIFT, ArchiveNetwork
from ae_pipeline.codec.archive.quantizer_file import quantizer_to_json
from ae_pipeline.codec.arrays_file import Arrays, Layout
from ae_pipeline.codec.content import number_or_none
from ae_pipeline.codec.identity import content_id
from ae_pipeline.coding import (
    Architecture,
    IntegerDecoder,
    LinearPredictor,
    Promise,
    Quantizer,
)
from ae_pipeline.columns import TableSchema

ARCHIVE_KIND = "archive"


@dataclass(frozen=True)
class ArchiveContent:
    """Schema, grids and what predicts values.

    Args:
        schema: source schema and roles.
        quantizers: grid and promise of each feature column.
        std: standard deviation of each feature column at fit time, the unit of reports.
        predictor: None if no column is predicted from other columns' cells.
        network: None if no column is predicted from codes.
    """

    schema: TableSchema
    quantizers: tuple[Quantizer, ...]
    std: Float64[np.ndarray, "features"]
    predictor: LinearPredictor | None
    network: ArchiveNetwork | None

    @property
    def offset(self) -> Float64[np.ndarray, "features"]:
        """Origin of each feature column's grid, in source units."""
        return np.array([one.grid.offset for one in self.quantizers], np.float64)

    @property
    def cell(self) -> Float64[np.ndarray, "features"]:
        """Width of each feature column's cells in source units; 0 where there is no one width."""
        return np.array([one.grid.cell for one in self.quantizers], np.float64)

    @property
    def promises(self) -> tuple[Promise, ...]:
        """What is promised of each feature column."""
        return tuple(quantizer.promise for quantizer in self.quantizers)

    @cached_property
    def id(self) -> str:
        """20 hex digits of SHA-256 over canonical JSON and all arrays."""
        return content_id(
            archive_to_json(self),
            (
                (f"{name}{array.dtype.str}{array.shape}", array)
                for arrays in model_arrays(self).values()
                for name, array in arrays.items()
            ),
        )


def archive_to_json(content: ArchiveContent) -> dict[str, Any]:
    """Everything but the weights as a JSON tree."""
    schema, predictor, network = content.schema, content.predictor, content.network
    columns = zip(
        schema.features, schema.feature_types, content.quantizers, content.std, strict=True
    )
    return {
        "kind": ARCHIVE_KIND,
        "schema": schema.serialized,
        "features": [
            {
                "name": name,
                "type": str(kind),
                "std": number_or_none(deviation),
                **quantizer_to_json(quantizer),
            }
            for name, kind, quantizer, deviation in columns
        ],
        "predictor": None if predictor is None else {"n_terms": len(predictor.weights)},
        "network": None if network is None else _network_to_json(network),
    }


def model_arrays(content: ArchiveContent) -> dict[str, Arrays]:
    """Arrays of each file by name: decoding needs all but the encoder's.

    The encoder's precision is no part of the promise.
    """
    parts: dict[str, Arrays] = {}
    if content.predictor is not None:
        parts["predictor"] = _arrays_of(content.predictor)
    if content.network is not None:
        parts["decoder"] = _arrays_of(content.network.decoder)
        step = np.ascontiguousarray(content.network.code_step, dtype="<f4")
        parts["encoder"] = {**content.network.stored_encoder(), "code_step": step}
    return parts


def predictor_layout(n_features: int, n_terms: int) -> Layout:
    """Arrays of `LinearPredictor`."""
    per_column, per_term = (n_features,), (n_terms,)
    return {
        "order": (np.dtype("<i4"), per_column),
        "follows": (np.dtype("i1"), per_column),
        "counts": (np.dtype("<i2"), per_column),
        "sources": (np.dtype("<i4"), per_term),
        "weights": (np.dtype("<i2"), per_term),
        "shifts": (np.dtype("i1"), per_column),
        "biases": (np.dtype("<i4"), per_column),
    }


def decoder_layout(architecture: Architecture) -> Layout:
    """Arrays of `IntegerDecoder`."""
    latent, hidden, outputs = architecture.layer_widths("decoder")
    return {
        "hidden_weights": (np.dtype("i1"), (latent, hidden)),
        "hidden_shift": (np.dtype("i1"), (hidden,)),
        "hidden_bias": (np.dtype("<f4"), (hidden,)),
        "output_weights": (np.dtype("i1"), (hidden, outputs)),
        "output_shift": (np.dtype("i1"), (outputs,)),
        "skip_weights": (np.dtype("<i2"), (latent, outputs)),
        "skip_shift": (np.dtype("i1"), (outputs,)),
        "output_bias": (np.dtype("<f4"), (outputs,)),
    }


def encoder_layout(architecture: Architecture) -> Layout:
    """Weights of the encoder, and the step of each code."""
    layout: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
    for name, shape in architecture.weight_shapes().items():
        if name.startswith("encoder/") and name.endswith("/kernel"):
            layout[name] = np.dtype("<i2"), shape
            layout[name + SHIFT] = np.dtype("i1"), shape[1:]
        elif name.startswith("encoder/"):
            layout[name] = np.dtype("<f4"), shape
    return {**layout, "code_step": (np.dtype("<f4"), (architecture.latent_dim,))}


def _arrays_of(part: LinearPredictor | IntegerDecoder) -> Arrays:
    return {field.name: np.ascontiguousarray(getattr(part, field.name)) for field in fields(part)}


def _network_to_json(network: ArchiveNetwork) -> dict[str, Any]:
    return {
        "window": network.window,
        "encoder_bits": network.encoder_bits,
        "architecture": json.loads(json.dumps(asdict(network.architecture))),
        "clip_sigma": network.standardization.clip_sigma,
        "center": [number_or_none(value) for value in network.standardization.center],
        "scale": [float(value) for value in network.standardization.scale],
    }
