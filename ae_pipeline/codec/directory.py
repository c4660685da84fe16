"""A codec on disk: `codec.json`, `weights.safetensors` and `history.json`.

The JSON is written last, so a directory that has one is whole. Nothing in it can run code.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import safetensors.numpy
from safetensors import SafetensorError

from ae_pipeline.architecture import Architecture, Weights
from ae_pipeline.codec.codec import Codec
from ae_pipeline.codec.content import content_from_json, content_to_json
from ae_pipeline.codec.provenance import (
    HISTORY_FILE,
    history_to_json,
    read_provenance,
    to_json,
)
from ae_pipeline.codec.tree import parse_json
from ae_pipeline.errors import CodecNotFoundError, CorruptCodecError
from ae_pipeline.format_version import FORMAT_VERSION, check_version
from ae_pipeline.publish import publish_bytes

CODEC_FILE = "codec.json"
WEIGHTS_FILE = "weights.safetensors"

#: Characters of what is wrong: an error is one line.
_MOST_TOLD = 200

#: What reading bytes that are not ours can raise.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
    OSError,
    pa.ArrowException,
    SafetensorError,
)


def save_codec(codec: Codec, directory: Path) -> None:
    """Write a codec; an existing one is replaced.

    Raises:
        DestinationError: the directory cannot be written.
    """
    weights = {name: np.ascontiguousarray(array) for name, array in codec.weights.items()}
    publish_bytes(directory / WEIGHTS_FILE, safetensors.numpy.save(weights))
    provenance = asdict(codec.provenance)
    publish_bytes(directory / HISTORY_FILE, history_to_json(provenance.pop("history")))
    tree = {
        "id": codec.id,
        "format_version": FORMAT_VERSION,
        **content_to_json(codec.schema, codec.std, codec.standardization, codec.architecture),
        "provenance": provenance,
    }
    publish_bytes(directory / CODEC_FILE, to_json(tree))


def load_codec(directory: str | Path) -> Codec:
    """Read a codec and check that its content hashes to its id.

    Raises:
        CodecNotFoundError: no `codec.json` there.
        UnsupportedFormatError: another major format version.
        CorruptCodecError: a file is missing, damaged or does not fit the others.
    """
    path = Path(directory)
    tree = read_tree(path)
    check_version("codec", version_of(tree), str(path))
    try:
        schema, std, standardization, architecture = content_from_json(tree)
        codec = Codec(
            schema=schema,
            std=std,
            standardization=standardization,
            architecture=architecture,
            weights=_read_weights(path, architecture),
            provenance=read_provenance(path, tree["provenance"]),
        )
        found = codec.id  # reads the schema, which decodes its names only now
    except DAMAGE as error:
        raise corrupt(path, f"{type(error).__name__}: {error}") from error
    if found != tree.get("id"):
        raise corrupt(path, f"content of id {found}, not {tree.get('id')}")
    return codec


def codec_kind(directory: Path) -> str:
    """`archive` or `features`; errors as `load_codec`."""
    return str(read_tree(directory).get("kind", "features"))


def read_tree(path: Path) -> dict[str, Any]:
    """The JSON of a codec; CodecNotFoundError or CorruptCodecError if there is none."""
    try:
        tree = parse_json((path / CODEC_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise CodecNotFoundError(
            "no codec here",
            where=str(path),
            expected=f"a folder with {CODEC_FILE}",
            remedy="write one with `ae-pipeline fit SOURCE --codec DIR`",
        ) from None
    except (ValueError, RecursionError) as error:
        raise corrupt(path, str(error)) from error
    if not isinstance(tree, dict):
        raise corrupt(path, "no JSON object")
    return tree


def version_of(tree: dict[str, Any]) -> str:
    """What `codec.json` says, which may be anything; as much of it as a line has room for."""
    return str(tree.get("format_version"))[:20]


def _read_weights(path: Path, architecture: Architecture) -> Weights:
    weights = safetensors.numpy.load((path / WEIGHTS_FILE).read_bytes())
    expected = architecture.weight_shapes()
    got = {name: array.shape for name, array in weights.items()}
    if got != expected or any(array.dtype != np.float32 for array in weights.values()):
        odd = sorted(name for name in {*got, *expected} if got.get(name) != expected.get(name))
        raise ValueError(f"weights are not float32, or of other shapes: {', '.join(odd[:3])}")
    return weights


def corrupt(path: Path, got: str) -> CorruptCodecError:
    """The error of a damaged codec."""
    return CorruptCodecError(
        "codec is damaged",
        where=str(path),
        got=" ".join(got.split())[:_MOST_TOLD],
        remedy="restore it or fit it again",
    )
