"""An archive codec on disk: `codec.json.zst` and weights.

Decoding needs `codec.json.zst`, `predictor.bin` and `decoder.bin`. The encoder lies beside them, so
that partitions can be added. The JSON is written last; nothing in it can run code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any  # JSON trees

import numpy as np

from ae_pipeline.codec.archive.codec import ArchiveCodec
from ae_pipeline.codec.archive.content import (
    ArchiveContent,
    archive_to_json,
    model_arrays,
    table_files,
)
from ae_pipeline.codec.archive.network import SHIFT, ArchiveNetwork, restore_encoder
from ae_pipeline.codec.archive.quantizer_file import quantizers_from_json
from ae_pipeline.codec.archive.table import read_table
from ae_pipeline.codec.arrays_file import MOST_WEIGHTS, Arrays, Layout, pack_arrays, unpack_arrays
from ae_pipeline.codec.content import (
    architecture_from_json,
    columns_from_json,
    integer_of,
    standardization_from_json,
)
from ae_pipeline.codec.directory import load_directory, pack_json, save_directory
from ae_pipeline.codec.provenance import read_provenance
from ae_pipeline.coding import MOST_TERMS, Architecture, IntegerDecoder, LinearPredictor
from ae_pipeline.errors import ConfigError
from ae_pipeline.store import place, visiting

#: Bits of the encoder's weights, which are stored as int16; with fewer than two all would be 0.
_LEAST_BITS, _MOST_BITS = 2, 16


def model_bytes(content: ArchiveContent) -> dict[str, int]:
    """Return the bytes of each file of weights that the codec has."""
    parts = {part: len(pack_arrays(arrays)) for part, arrays in model_arrays(content).items()}
    return parts | {name: len(one) for name, one in table_files(content).items()}


def json_bytes(codec: ArchiveCodec) -> int:
    """Return the bytes of the codec's JSON, which has all but the weights."""
    return len(pack_json(codec.id, archive_to_json(codec), codec.provenance))


def save_archive_codec(codec: ArchiveCodec, directory: Path) -> None:
    """Write a codec; an existing one is replaced.

    Raises:
        DestinationError: the directory cannot be written.
        ConfigError: the network is larger than readers accept.
    """
    _check_readable(codec)
    parts = model_arrays(codec).items()
    files = {_file_name(part): pack_arrays(arrays) for part, arrays in parts}
    files |= table_files(codec)
    save_directory(directory, files, codec.id, archive_to_json(codec), codec.provenance)


def load_archive_codec(directory: str | Path) -> ArchiveCodec:
    """Read a codec and check that its content hashes to its id; errors as `load_codec`."""
    with visiting([str(directory)]):
        return load_directory(place(directory), build_archive_codec)


def build_archive_codec(path: Path, tree: dict[str, Any]) -> ArchiveCodec:
    """Build a codec from its JSON and the files beside it; raises `DAMAGE`."""
    schema, std, features = columns_from_json(tree)
    quantizers = quantizers_from_json(features)
    pairs = zip(schema.features, quantizers, strict=True)
    if any(one.promise.cosine and name not in schema.vectors for name, one in pairs):
        raise ValueError("a cosine of a column that holds no vectors")
    provenance = read_provenance(path, tree["provenance"])
    codec = ArchiveCodec(
        schema=schema,
        quantizers=quantizers,
        std=std,
        predictor=_read_predictor(path, tree["predictor"], len(schema.lanes)),
        network=_read_network(path, tree["network"], len(schema.lanes)),
        table=read_table(path, tree.get("table"), schema, quantizers),
        provenance=provenance,
    )
    codec.choice("fast")  # raises for ways that are not those of this codec
    return codec


def _read_predictor(
    path: Path, tree: dict[str, Any] | None, n_features: int
) -> LinearPredictor | None:
    if tree is None:
        return None
    n_terms = integer_of(tree, "n_terms", 0, MOST_TERMS * n_features)
    layout = _predictor_layout(n_features, n_terms)
    predictor = LinearPredictor(**_read_arrays(path, "predictor", layout))
    predictor.check()
    return predictor


def _read_network(
    path: Path, tree: dict[str, Any] | None, n_features: int
) -> ArchiveNetwork | None:
    if tree is None:
        return None
    architecture = architecture_from_json(tree)
    n_inputs = architecture.n_inputs
    window = integer_of(tree, "window", 1, n_inputs)
    if n_inputs % window:
        raise ValueError(f"{n_inputs} inputs for windows of {window}")
    standardization = standardization_from_json(
        tree, tree["center"], tree["scale"], n_features, n_inputs // window
    )
    encoder_bits = integer_of(tree, "encoder_bits", _LEAST_BITS, _MOST_BITS)
    encoder = _read_arrays(path, "encoder", _encoder_layout(architecture))
    step = encoder.pop("code_step")
    return ArchiveNetwork(
        standardization=standardization,
        window=window,
        architecture=architecture,
        encoder=restore_encoder(encoder),
        encoder_bits=encoder_bits,
        code_step=step,
        decoder=IntegerDecoder(**_read_arrays(path, "decoder", _decoder_layout(architecture))),
    )


def _read_arrays(path: Path, part: str, layout: Layout) -> Arrays:
    return unpack_arrays((path / _file_name(part)).read_bytes(), layout)


def _file_name(part: str) -> str:
    return f"{part}.bin"


def _predictor_layout(n_features: int, n_terms: int) -> Layout:
    """Return the arrays of a `LinearPredictor`."""
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


def _decoder_layout(architecture: Architecture) -> Layout:
    """Return the arrays of an `IntegerDecoder`."""
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


def _encoder_layout(architecture: Architecture) -> Layout:
    """Return the arrays of an encoder: its weights and the step of each code."""
    layout: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
    for name, shape in architecture.weight_shapes().items():
        if name.startswith("encoder/") and name.endswith("/kernel"):
            layout[name] = np.dtype("<i2"), shape
            layout[name + SHIFT] = np.dtype("i1"), shape[1:]
        elif name.startswith("encoder/"):
            layout[name] = np.dtype("<f4"), shape
    return {**layout, "code_step": (np.dtype("<f4"), (architecture.latent_dim,))}


def _check_readable(codec: ArchiveCodec) -> None:
    """Raise `ConfigError` for what `load_archive_codec` would refuse as too large."""
    sizes = [sum(a.size for a in arrays.values()) for arrays in model_arrays(codec).values()]
    n_codes = 0 if codec.network is None else codec.network.decoder.latent_dim
    n_values = 0 if codec.network is None else codec.network.architecture.n_inputs
    if max(sizes, default=0) > MOST_WEIGHTS or n_codes > n_values:
        raise ConfigError(
            "network too large for an archive",
            where="network",
            expected=f"at most {MOST_WEIGHTS} weights on either side, and {n_values} codes",
            got=f"{max(sizes)} weights, {n_codes} codes",
            remedy="set smaller widths, latent_dim or window",
        )
