"""A codec's content as canonical JSON, and the hash that is its id.

`docs/format.md` lists the keys. Floats are written with all their digits, so they read back equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from ae_pipeline.codec.tree import (
    architecture_of,
    finite,
    not_negative,
    objects,
    positive_of,
    spread_of,
    text_of,
)
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import Standardization, TableSchema, deserialize_schema


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
    features = objects(tree["features"], "features")
    schema = schema_from_json(tree, features)
    standardization = Standardization(
        center=column_numbers(features, "center"),
        scale=column_numbers(features, "scale", spread_of),
        clip_sigma=float(positive_of(tree, "clip_sigma")),
    )
    architecture = architecture_of(tree)
    check_inputs(standardization, len(features), architecture.n_inputs)
    return schema, column_numbers(features, "std", not_negative), standardization, architecture


def schema_from_json(tree: dict[str, Any], features: list[dict[str, Any]]) -> TableSchema:
    """Schema and roles; ValueError if a feature is no numeric column of the schema."""
    arrow = deserialize_schema(text_of(tree, "schema"))
    names = tuple(text_of(feature, "name") for feature in features)
    if len(set(names)) < len(names) or not all(arrow.names.count(name) == 1 for name in names):
        raise ValueError("features are not columns of the schema, each once")
    schema = TableSchema(arrow, names, tree["schema"])
    if not all(map(_is_numeric, schema.feature_types)):
        raise ValueError("a feature column is not numeric")
    return schema


def check_inputs(standardization: Standardization, n_features: int, n_inputs: int) -> None:
    """ValueError if centres and scales are not those of so many columns and inputs."""
    center, scale = standardization.center, standardization.scale
    if {center.shape, scale.shape} != {(n_features,)}:
        raise ValueError(f"center and scale are not those of {n_features} columns")
    if np.isnan(center[scale > 0]).any() or np.isnan(scale).any():
        raise ValueError("a column that varies has no centre, or one has no scale")
    if n_inputs != standardization.n_inputs:
        raise ValueError(f"{n_inputs} inputs of {standardization.n_inputs} columns that vary")


def number_or_none(value: float) -> float | None:
    """JSON has no NaN: a column without values has no centre."""
    return None if np.isnan(value) else float(value)


def column_numbers(
    features: list[dict[str, Any]], key: str, check: Callable[[Any, str], float] = finite
) -> Float64[np.ndarray, "features"]:
    """One key of every feature, as `check` has it; null is NaN."""
    return numbers_or_nan([feature[key] for feature in features], key, check)


def numbers_or_nan(
    values: Any, key: str, check: Callable[[Any, str], float] = finite
) -> Float64[np.ndarray, "values"]:
    """A list of numbers, as `check` has each; null is NaN."""
    if not isinstance(values, list):
        raise ValueError(f"{key} is no list of numbers")
    return np.array([np.nan if v is None else check(v, key) for v in values], np.float64)


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
