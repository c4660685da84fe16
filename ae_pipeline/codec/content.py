"""A codec's content as canonical JSON, and the hash that is its id.

`docs/format.md` lists the keys. Floats are written with all their digits, so they read back equal.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any  # JSON trees

import numpy as np
from jaxtyping import Float64

from ae_pipeline.architecture import Architecture, Weights
from ae_pipeline.schema import TableSchema, deserialize_schema
from ae_pipeline.standardization import Standardization


def content_id(
    schema: TableSchema,
    std: Float64[np.ndarray, "features"],
    standardization: Standardization,
    architecture: Architecture,
    weights: Weights,
) -> str:
    """First 20 hex digits of SHA-256 over the canonical JSON and every weight's bytes."""
    tree = content_to_json(schema, std, standardization, architecture)
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode())
    for name, shape in architecture.weight_shapes().items():
        digest.update(f"{name}{shape}".encode())
        digest.update(np.ascontiguousarray(weights[name], dtype="<f4").tobytes())
    return digest.hexdigest()[:20]


def content_to_json(
    schema: TableSchema,
    std: Float64[np.ndarray, "features"],
    standardization: Standardization,
    architecture: Architecture,
) -> dict[str, Any]:
    """Everything but the weights as a JSON tree."""
    columns = zip(
        schema.features,
        schema.feature_types,
        standardization.center,
        standardization.scale,
        std,
        strict=True,
    )
    return {
        "schema": schema.serialized,
        "features": [
            {
                "name": name,
                "type": str(kind),
                "center": number_or_none(center),
                "scale": number_or_none(scale),
                "std": number_or_none(deviation),
            }
            for name, kind, center, scale, deviation in columns
        ],
        "clip_sigma": standardization.clip_sigma,
        "architecture": json.loads(json.dumps(asdict(architecture))),
    }


def content_from_json(
    tree: dict[str, Any],
) -> tuple[TableSchema, Float64[np.ndarray, "features"], Standardization, Architecture]:
    """Inverse of `content_to_json`; KeyError, TypeError or ValueError if the tree is not one."""
    features = tree["features"]
    schema = TableSchema(
        deserialize_schema(tree["schema"]),
        tuple(feature["name"] for feature in features),
        tree["schema"],
    )
    standardization = Standardization(
        center=column_numbers(features, "center"),
        scale=column_numbers(features, "scale"),
        clip_sigma=float(tree["clip_sigma"]),
    )
    shape = dict(tree["architecture"])
    for widths in ("encoder_hidden", "decoder_hidden"):
        shape[widths] = tuple(shape[widths])
    return schema, column_numbers(features, "std"), standardization, Architecture(**shape)


def number_or_none(value: float) -> float | None:
    """JSON has no NaN: a column without values has no centre."""
    return None if np.isnan(value) else float(value)


def column_numbers(features: list[dict[str, Any]], key: str) -> Float64[np.ndarray, "features"]:
    """One key of every feature; null is NaN."""
    values = [feature[key] for feature in features]
    return np.array([np.nan if value is None else value for value in values], np.float64)
