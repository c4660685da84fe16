"""An archive codec's content as canonical JSON and arrays, and the hash that is its id."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from typing import Any  # JSON trees

import numpy as np
from jaxtyping import Float64, Shaped

from ae_pipeline.codec.archive_network import ArchiveNetwork
from ae_pipeline.codec.content import number_or_none
from ae_pipeline.schema import TableSchema

ARCHIVE_KIND = "archive"

Columns = Float64[np.ndarray, "features"]
Arrays = dict[str, Shaped[np.ndarray, "..."]]


def archive_id(
    schema: TableSchema,
    offset: Columns,
    tolerance: Columns,
    std: Columns,
    network: ArchiveNetwork | None,
) -> str:
    """First 20 hex digits of SHA-256 over canonical JSON, decoder and encoder."""
    tree = archive_to_json(schema, offset, tolerance, std, network)
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode())
    for name, array in {**decoder_arrays(network), **encoder_arrays(network)}.items():
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:20]


def archive_to_json(
    schema: TableSchema,
    offset: Columns,
    tolerance: Columns,
    std: Columns,
    network: ArchiveNetwork | None,
) -> dict[str, Any]:
    """Everything but the weights as a JSON tree."""
    columns = zip(schema.features, schema.feature_types, offset, tolerance, std, strict=True)
    return {
        "kind": ARCHIVE_KIND,
        "schema": schema.serialized,
        "features": [
            {
                "name": name,
                "type": str(kind),
                "offset": float(origin),
                "tolerance": float(promise),
                "std": number_or_none(deviation),
            }
            for name, kind, origin, promise, deviation in columns
        ],
        "network": None if network is None else _network_to_json(network),
    }


def decoder_arrays(network: ArchiveNetwork | None) -> Arrays:
    """What decoding needs, by name."""
    if network is None:
        return {}
    decoder = network.decoder
    return {
        field.name: np.ascontiguousarray(getattr(decoder, field.name)) for field in fields(decoder)
    }


def encoder_arrays(network: ArchiveNetwork | None) -> Arrays:
    """What only encoding needs, by name; its precision is no part of the promise."""
    if network is None:
        return {}
    halves = {
        name: np.ascontiguousarray(network.encoder[name], dtype="<f2")
        for name in network.architecture.weight_shapes()
        if name.startswith("encoder/")
    }
    return {**halves, "code_step": np.ascontiguousarray(network.code_step, dtype="<f4")}


def _network_to_json(network: ArchiveNetwork) -> dict[str, Any]:
    return {
        "window": network.window,
        "architecture": json.loads(json.dumps(asdict(network.architecture))),
        "clip_sigma": network.standardization.clip_sigma,
        "center": [number_or_none(value) for value in network.standardization.center],
        "scale": [float(value) for value in network.standardization.scale],
    }
