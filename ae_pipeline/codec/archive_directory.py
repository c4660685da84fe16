"""An archive codec on disk: `codec.json`, `decoder.safetensors`, `encoder.safetensors`, history.

Decoding needs the first two. The encoder lies beside them in half precision, so that partitions can
be added. The JSON is written last; nothing in it can run code.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import safetensors.numpy

from ae_pipeline.architecture import Architecture
from ae_pipeline.codec.archive_codec import ArchiveCodec
from ae_pipeline.codec.archive_content import archive_to_json, decoder_arrays, encoder_arrays
from ae_pipeline.codec.archive_network import ArchiveNetwork
from ae_pipeline.codec.content import FORMAT_VERSION, column_numbers
from ae_pipeline.codec.directory import (
    CODEC_FILE,
    DAMAGE,
    HISTORY_FILE,
    check_version,
    corrupt,
    history_to_json,
    read_provenance,
    read_tree,
    to_json,
)
from ae_pipeline.integer_decoder import IntegerDecoder
from ae_pipeline.publish import publish_bytes
from ae_pipeline.schema import TableSchema, deserialize_schema
from ae_pipeline.standardization import Standardization

DECODER_FILE, ENCODER_FILE = "decoder.safetensors", "encoder.safetensors"


def model_bytes(codec: ArchiveCodec) -> int:
    """Bytes of the network as stored, encoder and decoder."""
    if codec.network is None:
        return 0
    arrays = (decoder_arrays(codec.network), encoder_arrays(codec.network))
    return sum(len(safetensors.numpy.save(part)) for part in arrays)


def save_archive_codec(codec: ArchiveCodec, directory: Path) -> None:
    """Write a codec; an existing one is replaced. `DestinationError` if that fails."""
    if codec.network is not None:
        for name, arrays in (
            (DECODER_FILE, decoder_arrays(codec.network)),
            (ENCODER_FILE, encoder_arrays(codec.network)),
        ):
            publish_bytes(directory / name, safetensors.numpy.save(arrays))
    provenance = asdict(codec.provenance)
    publish_bytes(directory / HISTORY_FILE, history_to_json(provenance.pop("history")))
    content = archive_to_json(codec.schema, codec.offset, codec.tolerance, codec.std, codec.network)
    tree = {"id": codec.id, "format_version": FORMAT_VERSION, **content, "provenance": provenance}
    publish_bytes(directory / CODEC_FILE, to_json(tree))


def load_archive_codec(directory: str | Path) -> ArchiveCodec:
    """Read a codec and check that its content hashes to its id; errors as `load_codec`."""
    path = Path(directory)
    tree = read_tree(path)
    check_version(str(tree.get("format_version")), path)
    try:
        codec = _from_tree(path, tree)
        found = codec.id
    except (*DAMAGE, IndexError, RecursionError) as error:
        raise corrupt(path, f"{type(error).__name__}: {error}") from error
    if found != tree.get("id"):
        raise corrupt(path, f"content of id {found}, not {tree.get('id')}")
    return codec


def _from_tree(path: Path, tree: dict[str, Any]) -> ArchiveCodec:
    features = tree["features"]
    schema = TableSchema(
        deserialize_schema(tree["schema"]),
        tuple(str(feature["name"]) for feature in features),
        tree["schema"],
    )
    if not all(map(_is_numeric, schema.feature_types)):
        raise ValueError("a feature column is not numeric")
    network = None if tree["network"] is None else _read_network(path, tree["network"])
    if network is not None:
        _check_shapes(network, len(features))
    return ArchiveCodec(
        schema=schema,
        offset=column_numbers(features, "offset"),
        tolerance=column_numbers(features, "tolerance"),
        std=column_numbers(features, "std"),
        network=network,
        provenance=read_provenance(path, tree["provenance"]),
    )


def _read_network(path: Path, tree: dict[str, Any]) -> ArchiveNetwork:
    shape = dict(tree["architecture"])
    for widths in ("encoder_hidden", "decoder_hidden"):
        shape[widths] = tuple(shape[widths])
    center = [np.nan if value is None else value for value in tree["center"]]
    decoder = safetensors.numpy.load((path / DECODER_FILE).read_bytes())
    encoder = safetensors.numpy.load((path / ENCODER_FILE).read_bytes())
    step = encoder.pop("code_step")
    return ArchiveNetwork(
        standardization=Standardization(
            np.array(center, np.float64), np.array(tree["scale"], np.float64), tree["clip_sigma"]
        ),
        window=int(tree["window"]),
        architecture=Architecture(**shape),
        encoder={name: array.astype(np.float32) for name, array in encoder.items()},
        code_step=step,
        decoder=IntegerDecoder(**decoder),
    )


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _check_shapes(network: ArchiveNetwork, n_features: int) -> None:
    """ValueError if the arrays are not those of the JSON: its id is right in a forged codec too."""
    inputs, shape, decoder = network.standardization, network.architecture, network.decoder
    latent, hidden = decoder.hidden_weights.shape
    outputs = network.window * inputs.n_inputs
    expected = {
        "hidden_weights": ("int8", (latent, hidden)),
        "hidden_shift": ("int8", (hidden,)),
        "hidden_bias": ("float32", (hidden,)),
        "output_weights": ("int8", (hidden, outputs)),
        "output_shift": ("int8", (outputs,)),
        "skip_weights": ("int16", (latent, outputs)),
        "skip_shift": ("int8", (outputs,)),
        "output_bias": ("float32", (outputs,)),
        "code_step": ("float32", (latent,)),
        "center": ("float64", (n_features,)),
        "scale": ("float64", (n_features,)),
    }
    arrays = {
        **decoder_arrays(network),
        "code_step": network.code_step,
        "center": inputs.center,
        "scale": inputs.scale,
    }
    got = {name: (array.dtype.name, array.shape) for name, array in arrays.items()}
    if network.window < 1 or (shape.n_inputs, shape.latent_dim) != (outputs, latent):
        raise ValueError(f"{outputs} outputs and {latent} latents for windows of {network.window}")
    if got != expected:
        raise ValueError(f"arrays {got}, expected {expected}")
    for name, widths in shape.weight_shapes().items():
        if name.startswith("encoder/") and network.encoder[name].shape != widths:
            raise ValueError(f"{name} of shape {network.encoder[name].shape}, expected {widths}")
