"""A codec's content as JSON: written canonically, hashed to its id, read with every value checked.

`docs/format.md` lists the keys. Floats are written with all their digits, so they read back equal.

The id of a forged codec is right, too, so it proves nothing about the values; and a few digits of
`encoder_bits` can ask for gigabytes. So readers check the type and the range of every value.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias, get_args  # Any: JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Shaped

from ae_pipeline.codec.arrays_file import MOST_WEIGHTS
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import (
    MAX_FEATURES,
    Standardization,
    TableSchema,
    deserialize_schema,
    is_vector,
)
from ae_pipeline.config.network import Activation, Design

#: Hidden layers of one side.
_MOST_LAYERS = 1 << 10

Numbers: TypeAlias = Float64[np.ndarray, "values"]
Check: TypeAlias = Callable[[Any, str], float]


def content_id(
    tree: dict[str, Any], arrays: Iterable[tuple[str, Shaped[np.ndarray, "..."]]]
) -> str:
    """Hash all that decides what is written and decoded, to the first 20 hex digits of SHA-256.

    Args:
        tree: content without the weights.
        arrays: label and little-endian values of each; the label states its name and shape.
    """
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode())
    for label, array in arrays:
        digest.update(label.encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:20]


def columns_to_json(schema: TableSchema, more: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Write the schema and its features, with more keys for each feature."""
    pairs = zip(schema.features, schema.feature_types, more, strict=True)
    features = [{"name": name, "type": str(kind), **keys} for name, kind, keys in pairs]
    return {"schema": schema.serialized, "features": features}


def columns_from_json(
    tree: dict[str, Any], is_usable: Callable[[pa.DataType], bool] | None = None
) -> tuple[TableSchema, Numbers, list[dict[str, Any]]]:
    """Read the schema, the standard deviation of each feature, and the features themselves.

    Args:
        tree: JSON of a codec.
        is_usable: whether a feature may have a type; numbers and vectors of floats by default.

    Raises:
        ValueError: a feature is no usable column of the schema; KeyError and TypeError if the
            tree has another shape.
    """
    features = objects(tree["features"], "features")
    arrow = deserialize_schema(text_of(tree, "schema"))
    names = tuple(text_of(feature, "name") for feature in features)
    if len(set(names)) < len(names) or not all(arrow.names.count(name) == 1 for name in names):
        raise ValueError("features are not columns of the schema, each once")
    schema = TableSchema(arrow, names, tree["schema"])
    if not all(map(is_usable or _is_numeric, schema.feature_types)):
        raise ValueError("a feature column is of a type that features do not have")
    if len(set(schema.lanes)) < len(schema.lanes) or len(schema.lanes) > MAX_FEATURES:
        raise ValueError(f"{len(schema.lanes)} lanes of features, or two of one name")
    std = numbers_or_nan([feature["std"] for feature in features], "std", not_negative)
    return schema, std, features


def architecture_to_json(architecture: Architecture) -> dict[str, Any]:
    """Write the shape of the networks, with lists for tuples."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(architecture).items()}


def architecture_from_json(tree: Mapping[str, Any]) -> Architecture:
    """Read the shape of the networks; ValueError if a value is out of range."""
    shape = tree["architecture"]
    if not isinstance(shape, dict):
        raise ValueError("architecture is not an object")
    architecture = Architecture(
        n_inputs=integer_of(shape, "n_inputs", 1, MOST_WEIGHTS),
        latent_dim=integer_of(shape, "latent_dim", 1, MOST_WEIGHTS),
        encoder_hidden=_widths(shape, "encoder_hidden"),
        decoder_hidden=_widths(shape, "decoder_hidden"),
        activation=text_of(shape, "activation", get_args(Activation)),  # type: ignore[arg-type]
        design=text_of(shape, "design", get_args(Design)),  # type: ignore[arg-type]
    )
    if architecture.latent_dim > architecture.n_inputs:
        raise ValueError(f"{architecture.latent_dim} codes for {architecture.n_inputs} values")
    return architecture


def standardization_from_json(
    tree: Mapping[str, Any], center: Any, scale: Any, n_features: int, n_inputs: int
) -> Standardization:
    """Read what networks see of each column.

    Args:
        tree: holds `clip_sigma`.
        center: numbers of all features, null without a value.
        scale: numbers of all features, 0 where a network does not see the column.
        n_features: of the codec.
        n_inputs: columns that the network sees.

    Raises:
        ValueError: a number is out of range, or there are more or fewer than there must be.
    """
    found = Standardization(
        center=numbers_or_nan(center, "center"),
        scale=numbers_or_nan(scale, "scale", _divisor),
        clip_sigma=float(_positive_of(tree, "clip_sigma")),
    )
    if {found.center.shape, found.scale.shape} != {(n_features,)}:
        raise ValueError(f"center and scale are not those of {n_features} columns")
    if np.isnan(found.center[found.scale > 0]).any() or np.isnan(found.scale).any():
        raise ValueError("a column that varies has no centre, or one has no scale")
    if n_inputs != found.n_inputs:
        raise ValueError(f"{n_inputs} inputs, but {found.n_inputs} columns that vary")
    return found


def nullable(numbers: Numbers) -> list[float | None]:
    """Write numbers with null for NaN, which JSON lacks: a column without values has no centre."""
    return [None if math.isnan(number) else number for number in numbers.tolist()]


def numbers_or_nan(values: Any, key: str, check: Check | None = None) -> Numbers:
    """Invert `nullable`; `check` is `finite` unless another is given."""
    if not isinstance(values, list):
        raise ValueError(f"{key} is not a list of numbers")
    check = check or finite
    return np.array([np.nan if v is None else check(v, key) for v in values], np.float64)


def numbers_of(
    features: Sequence[Mapping[str, Any]], key: str, check: Check | None = None
) -> list[float]:
    """Read one number of every feature; ValueError as `check`, which is `finite` by default."""
    check = check or finite
    return [float(check(feature[key], key)) for feature in features]


def integer_of(tree: Mapping[str, Any], key: str, least: int, most: int) -> int:
    """Read a whole number; ValueError if it has another type or is out of range."""
    value = tree[key]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{key} is {_brief(value)}, not a whole number from {least} to {most}")
    return value


def finite(value: Any, key: str) -> Any:
    """Return a finite number as it is written; ValueError if it is something else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(float(value)):
        raise ValueError(f"{key} is {_brief(value)}, not a finite number")
    return value


def all_finite(values: Iterable[Any], key: str) -> tuple[float, ...]:
    """Return finite numbers as floats; ValueError if one is something else."""
    return tuple(float(finite(value, key)) for value in values)


def not_negative(value: Any, key: str) -> float:
    """Return a finite number of at least 0; ValueError if it is something else."""
    number = float(finite(value, key))
    if number < 0:
        raise ValueError(f"{key} is {number}, less than 0")
    return number


def objects(value: Any, key: str) -> list[dict[str, Any]]:
    """Return a list of objects; ValueError if it is something else."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{key} is not a list of objects")
    return value


def text_of(tree: Mapping[str, Any], key: str, among: Collection[str] | None = None) -> str:
    """Read a text, one of `among`; ValueError if it is something else."""
    value = tree[key]
    if not isinstance(value, str) or (among is not None and value not in among):
        told = "" if among is None else f" among {', '.join(sorted(among))}"
        raise ValueError(f"{key} is {_brief(value)}, not a text{told}")
    return value


def _divisor(value: Any, key: str) -> float:
    """Return a scale: 0, or a number whose reciprocal is finite."""
    number = not_negative(value, key)
    if number and not math.isfinite(1.0 / number):
        raise ValueError(f"{key} is {number}, too small to divide by")
    return number


def _positive_of(tree: Mapping[str, Any], key: str) -> float:
    value: float = finite(tree[key], key)
    if value <= 0:
        raise ValueError(f"{key} is {_brief(value)}, not above 0")
    return value


def _widths(shape: Mapping[str, Any], key: str) -> tuple[int, ...]:
    widths = shape[key]
    if not isinstance(widths, list) or len(widths) > _MOST_LAYERS:
        raise ValueError(f"{key} is not a list of at most {_MOST_LAYERS} widths")
    numbered = {f"{key}[{place}]": width for place, width in enumerate(widths)}
    return tuple(integer_of(numbered, name, 0, MOST_WEIGHTS) for name in numbered)


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or is_vector(kind))


def _brief(value: object) -> str:
    text = ascii(value) if not isinstance(value, int) or value.bit_length() < 99 else "a huge one"
    return text if len(text) <= 40 else f"{text[:40]}..."
