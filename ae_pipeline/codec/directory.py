"""A codec on disk: `codec.json`, `weights.safetensors` and `history.json`.

The JSON is written last, so a directory that has one is whole. Nothing in it can run code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import safetensors.numpy
from safetensors import SafetensorError

from ae_pipeline.architecture import Architecture, Weights
from ae_pipeline.codec.codec import Codec, Provenance
from ae_pipeline.codec.content import FORMAT_VERSION, content_from_json, content_to_json
from ae_pipeline.distribution import Reference
from ae_pipeline.errors import CodecNotFoundError, CorruptCodecError, UnsupportedFormatError
from ae_pipeline.publish import publish_bytes
from ae_pipeline.results import Candidate, EpochRecord, TrainingSummary

CODEC_FILE = "codec.json"
WEIGHTS_FILE = "weights.safetensors"
HISTORY_FILE = "history.json"

#: What reading bytes that are not ours can raise.
DAMAGE = (
    ArithmeticError,
    KeyError,
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
    check_version(str(tree.get("format_version")), path)
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
        tree = json.loads((path / CODEC_FILE).read_text(encoding="utf-8"))
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


def check_version(version: str, path: Path) -> None:
    """Raise `UnsupportedFormatError` for another major format version."""
    if version.split(".", maxsplit=1)[0] != FORMAT_VERSION.split(".")[0]:
        raise UnsupportedFormatError(
            "codec format not supported",
            where=str(path),
            expected=f"version {FORMAT_VERSION.split('.')[0]}.x",
            got=version,
            remedy="use the release that wrote it, or a newer one",
        )


def _read_weights(path: Path, architecture: Architecture) -> Weights:
    weights = safetensors.numpy.load((path / WEIGHTS_FILE).read_bytes())
    expected = architecture.weight_shapes()
    got = {name: array.shape for name, array in weights.items()}
    if got != expected or any(array.dtype != np.float32 for array in weights.values()):
        raise ValueError(f"weights of shapes {got}, expected float32 {expected}")
    return weights


def read_provenance(path: Path, tree: dict[str, Any]) -> Provenance:
    """Provenance with its history; keys that are not known are ignored."""
    history = json.loads((path / HISTORY_FILE).read_text(encoding="utf-8"))
    known = _known(Provenance, tree)
    known["training"] = TrainingSummary(**_known(TrainingSummary, tree["training"]))
    known["plan"] = tuple(Candidate(**_known(Candidate, one)) for one in tree.get("plan", ()))
    references = (_known(Reference, one) for one in tree.get("references", ()))
    known["references"] = tuple(
        Reference(tuple(one["edges"]), tuple(one["counts"])) for one in references
    )
    records = [_with_nan(_known(EpochRecord, record)) for record in history]
    return Provenance(**{**known, "history": tuple(EpochRecord(**record) for record in records)})


def history_to_json(history: Sequence[dict[str, Any]]) -> bytes:
    """Epoch records as JSON, losses that are none as null."""
    return to_json([_without_nan(record) for record in history])


def _known(kind: type, tree: dict[str, Any]) -> dict[str, Any]:
    """Keys that this release knows; a later minor version may have added others."""
    return {field.name: tree[field.name] for field in fields(kind) if field.name in tree}


def _without_nan(record: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN, and the last loss of a training that diverged is none."""
    return {key: value if math.isfinite(value) else None for key, value in record.items()}


def _with_nan(record: dict[str, Any]) -> dict[str, Any]:
    """Inverse of `_without_nan`; infinities come back as NaN."""
    return {key: math.nan if value is None else value for key, value in record.items()}


def to_json(tree: object) -> bytes:
    """Indented JSON without NaN."""
    return (json.dumps(tree, indent=2, allow_nan=False) + "\n").encode()


def corrupt(path: Path, got: str) -> CorruptCodecError:
    """The error of a damaged codec."""
    return CorruptCodecError(
        "codec is damaged", where=str(path), got=got, remedy="restore it or fit it again"
    )
