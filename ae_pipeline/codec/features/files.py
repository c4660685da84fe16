"""A features codec on disk: `codec.json.zst` and `weights.safetensors`.

The JSON is written last, so a directory that has one is whole. Nothing in it can run code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import safetensors.numpy

from ae_pipeline.codec.content import (
    architecture_from_json,
    columns_from_json,
    standardization_from_json,
)
from ae_pipeline.codec.directory import load_directory, save_directory
from ae_pipeline.codec.features.categories import categories_from_json
from ae_pipeline.codec.features.codec import FeaturesCodec, features_to_json
from ae_pipeline.codec.features.cycles import cycles_from_json
from ae_pipeline.codec.features.rounding import rounding_from_json
from ae_pipeline.codec.features.texts import texts_from_json
from ae_pipeline.codec.provenance import read_provenance
from ae_pipeline.coding import Architecture, Weights
from ae_pipeline.columns import TableSchema, has_lanes
from ae_pipeline.inputs import CYCLE_WIDTH, is_learnable
from ae_pipeline.store import place, visiting

WEIGHTS_FILE = "weights.safetensors"


def save_features_codec(codec: FeaturesCodec, directory: Path) -> None:
    """Write a codec; an existing one is replaced.

    Raises:
        DestinationError: the directory cannot be written.
    """
    weights = {name: np.ascontiguousarray(array) for name, array in codec.weights.items()}
    files = {WEIGHTS_FILE: safetensors.numpy.save(weights)}
    save_directory(directory, files, codec.id, features_to_json(codec), codec.provenance)


def load_features_codec(directory: str | Path) -> FeaturesCodec:
    """Read a codec and check that its content hashes to its id.

    Raises:
        CodecNotFoundError: no codec there.
        UnsupportedFormatError: another major format version.
        CorruptCodecError: a file is missing, damaged or does not fit the others.
    """
    with visiting([str(directory)]):
        return load_directory(place(directory), build_features_codec)


def build_features_codec(path: Path, tree: dict[str, Any]) -> FeaturesCodec:
    """Build a codec from its JSON and the files beside it; raises `DAMAGE`."""
    schema, std, features = columns_from_json(tree, is_learnable)
    architecture = architecture_from_json(tree)
    categories = categories_from_json(schema, features)
    texts = texts_from_json(tree, schema)
    cycles = cycles_from_json(schema, features)
    n_others = sum(one.width for one in categories.values())
    n_others += CYCLE_WIDTH * sum(map(len, cycles.values()))
    n_others += sum(one.width for one in texts.values())
    n_numbers = architecture.n_inputs - n_others
    center, scale = (_by_lane(schema, features, key) for key in ("center", "scale"))
    standardization = standardization_from_json(tree, center, scale, len(schema.lanes), n_numbers)
    return FeaturesCodec(
        schema=schema,
        std=std,
        standardization=standardization,
        architecture=architecture,
        weights=_read_weights(path, architecture),
        provenance=read_provenance(path, tree["provenance"]),
        categories=categories,
        keeps_exact=tree.get("keeps_exact") is True,
        texts=texts,
        rounding=rounding_from_json(tree, architecture.latent_dim),
        cycles=cycles,
    )


def _by_lane(schema: TableSchema, features: list[dict[str, Any]], key: str) -> list[Any]:
    """Return the values of a key lane by lane: columns of vectors have lists of them."""
    found: list[Any] = []
    for feature, kind in zip(features, schema.feature_types, strict=True):
        value = feature[key]
        if isinstance(value, list) != has_lanes(kind):
            raise ValueError(f"{key} of {feature['name']} does not suit {kind}")
        found += value if isinstance(value, list) else [value]
    return found


def _read_weights(path: Path, architecture: Architecture) -> Weights:
    weights = safetensors.numpy.load((path / WEIGHTS_FILE).read_bytes())
    expected = architecture.weight_shapes()
    got = {name: array.shape for name, array in weights.items()}
    if got != expected or any(array.dtype != np.float32 for array in weights.values()):
        odd = sorted(name for name in {*got, *expected} if got.get(name) != expected.get(name))
        raise ValueError(f"weights are not float32, or of other shapes: {', '.join(odd[:3])}")
    return weights
