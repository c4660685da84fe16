"""An archive codec on disk: `codec.json`, weights, history.

Decoding needs `codec.json`, `predictor.bin` and `decoder.bin`. The encoder lies beside them, so
that partitions can be added. The JSON is written last; nothing in it can run code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any  # JSON trees

from ae_pipeline.codec.archive.codec import ArchiveCodec
from ae_pipeline.codec.archive.content import (
    ArchiveContent,
    archive_to_json,
    decoder_layout,
    encoder_layout,
    model_arrays,
    predictor_layout,
)
from ae_pipeline.codec.archive.network import ArchiveNetwork, restore_encoder
from ae_pipeline.codec.archive.quantizer_file import quantizer_from_json
from ae_pipeline.codec.arrays_file import MOST_WEIGHTS, Arrays, Layout, pack_arrays, unpack_arrays
from ae_pipeline.codec.content import check_inputs, column_numbers, numbers_or_nan, schema_from_json
from ae_pipeline.codec.directory import load_directory, save_directory
from ae_pipeline.codec.provenance import read_provenance
from ae_pipeline.codec.tree import (
    architecture_of,
    integer_of,
    not_negative,
    objects,
    positive_of,
    spread_of,
)
from ae_pipeline.coding import MOST_TERMS, IntegerDecoder, LinearPredictor
from ae_pipeline.columns import Standardization
from ae_pipeline.errors import ConfigError

#: Bits of a weight of the encoder, which is stored as int16; below two there is but 0.
_LEAST_BITS, _MOST_BITS = 2, 16


def model_bytes(content: ArchiveContent) -> dict[str, int]:
    """Bytes of each file of weights: predictor, decoder, encoder, as far as there are any."""
    return {part: len(pack_arrays(arrays)) for part, arrays in model_arrays(content).items()}


def save_archive_codec(codec: ArchiveCodec, directory: Path) -> None:
    """Write a codec; an existing one is replaced.

    Raises:
        DestinationError: that fails.
        ConfigError: its network is larger than what readers accept.
    """
    _check_readable(codec)
    parts = model_arrays(codec).items()
    files = {_file_name(part): pack_arrays(arrays) for part, arrays in parts}
    save_directory(directory, files, codec.id, archive_to_json(codec), codec.provenance)


def load_archive_codec(directory: str | Path) -> ArchiveCodec:
    """Read a codec and check that its content hashes to its id; errors as `load_codec`."""
    return load_directory(Path(directory), _from_tree)


def _from_tree(path: Path, tree: dict[str, Any]) -> ArchiveCodec:
    features = objects(tree["features"], "features")
    schema, n_features = schema_from_json(tree, features), len(features)
    network = None if tree["network"] is None else _read_network(path, tree["network"], n_features)
    return ArchiveCodec(
        schema=schema,
        quantizers=tuple(map(quantizer_from_json, features)),
        std=column_numbers(features, "std", not_negative),
        predictor=_read_predictor(path, tree["predictor"], len(features)),
        network=network,
        provenance=read_provenance(path, tree["provenance"]),
    )


def _read_predictor(
    path: Path, tree: dict[str, Any] | None, n_features: int
) -> LinearPredictor | None:
    if tree is None:
        return None
    n_terms = integer_of(tree, "n_terms", 0, MOST_TERMS * n_features)
    layout = predictor_layout(n_features, n_terms)
    predictor = LinearPredictor(**_read_arrays(path, "predictor", layout))
    predictor.check()
    return predictor


def _read_network(path: Path, tree: dict[str, Any], n_features: int) -> ArchiveNetwork:
    architecture = architecture_of(tree)
    window = integer_of(tree, "window", 1, architecture.n_inputs)
    if architecture.n_inputs % window:
        raise ValueError(f"{architecture.n_inputs} inputs for windows of {window}")
    standardization = Standardization(
        center=numbers_or_nan(tree["center"], "center"),
        scale=numbers_or_nan(tree["scale"], "scale", spread_of),
        clip_sigma=positive_of(tree, "clip_sigma"),
    )
    check_inputs(standardization, n_features, architecture.n_inputs // window)
    encoder = _read_arrays(path, "encoder", encoder_layout(architecture))
    step = encoder.pop("code_step")
    return ArchiveNetwork(
        standardization=standardization,
        window=window,
        architecture=architecture,
        encoder=restore_encoder(encoder),
        encoder_bits=integer_of(tree, "encoder_bits", _LEAST_BITS, _MOST_BITS),
        code_step=step,
        decoder=IntegerDecoder(**_read_arrays(path, "decoder", decoder_layout(architecture))),
    )


def _read_arrays(path: Path, part: str, layout: Layout) -> Arrays:
    return unpack_arrays((path / _file_name(part)).read_bytes(), layout)


def _file_name(part: str) -> str:
    return f"{part}.bin"


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
