"""A codec on disk: files of weights, and `codec.json.zst`, which is written last.

A directory that has it is whole. Nothing in it can run code. Codecs of formats 1.0 to 3.0 have
`codec.json` instead, and their losses in `history.json`; they are read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar  # JSON trees

import pyarrow as pa
from safetensors import SafetensorError

from ae_pipeline.codec.json_columns import from_columns, to_columns
from ae_pipeline.codec.json_file import pack_tree, parse_tree, unpack_tree
from ae_pipeline.codec.provenance import HISTORY_FILE, Provenance, provenance_to_json
from ae_pipeline.errors import CodecNotFoundError, CorruptCodecError
from ae_pipeline.format_version import FORMAT_VERSION, check_version
from ae_pipeline.publish import publish_bytes, remove

CODEC_FILE = "codec.json.zst"
#: The same JSON as plain text, in formats 1.0 to 3.0.
FORMER_CODEC_FILE = "codec.json"
#: Characters of a message: an error is one line.
_MOST_TOLD = 200

#: What reading damaged bytes can raise.
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

_Codec = TypeVar("_Codec")
_id_of: Callable[[Any], str] = attrgetter("id")


def holds_codec(directory: Path) -> bool:
    """Whether a whole codec, of whichever format, lies in a folder, which need not exist."""
    return any((directory / name).exists() for name in (CODEC_FILE, FORMER_CODEC_FILE))


def save_directory(
    directory: Path,
    files: Mapping[str, bytes],
    codec_id: str,
    content: dict[str, Any],
    provenance: Provenance,
) -> None:
    """Write a codec; an existing one is replaced.

    Args:
        directory: to be written to.
        files: bytes of the weights, by file name.
        codec_id: hash of the content.
        content: everything but the weights, as a JSON tree.
        provenance: where the codec came from.

    Raises:
        ConfigError: there are so many columns that readers would refuse the codec.
        DestinationError: the directory cannot be written.
    """
    frame = pack_json(codec_id, content, provenance)
    for name, stream in {**files, CODEC_FILE: frame}.items():
        if not _holds(directory / name, stream):
            publish_bytes(directory / name, stream)
    # What an earlier release wrote here would go on describing another codec.
    for former in (FORMER_CODEC_FILE, HISTORY_FILE):
        remove(directory / former)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def pack_json(codec_id: str, content: dict[str, Any], provenance: Provenance) -> bytes:
    """Return the bytes of `codec.json.zst`; ConfigError as `save_directory`."""
    tree = {
        "id": codec_id,
        "format_version": FORMAT_VERSION,
        **content,
        "provenance": provenance_to_json(provenance),
    }
    return pack_tree(to_columns(tree))


def load_directory(path: Path, build: Callable[[Path, dict[str, Any]], _Codec]) -> _Codec:
    """Build a codec from its JSON and files, and check that its content hashes to its id.

    Raises:
        CodecNotFoundError: no codec there.
        UnsupportedFormatError: another major format version.
        CorruptCodecError: a file is missing, damaged or does not fit the others.
    """
    return build_checked(path, read_tree(path), build)


def build_checked(
    path: Path, tree: dict[str, Any], build: Callable[[Path, dict[str, Any]], _Codec]
) -> _Codec:
    """Do as `load_directory` with the JSON that was read."""
    check_version("codec", version_of(tree), str(path))
    try:
        codec = build(path, from_columns(tree))
        found = _id_of(codec)  # reads the schema, which decodes its names only now
    except DAMAGE as error:
        raise corrupt(path, f"{type(error).__name__}: {error}") from error
    if found != tree.get("id"):
        raise corrupt(path, f"content of id {found}, not {tree.get('id')}")
    return codec


def read_tree(path: Path) -> dict[str, Any]:
    """Read the JSON of a codec; CodecNotFoundError or CorruptCodecError if that fails."""
    try:
        tree = _read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        raise CodecNotFoundError(
            "no codec here",
            where=str(path),
            expected=f"a folder with {CODEC_FILE}",
            remedy="write one with `ae-pipeline fit SOURCE --codec DIR`; of a dataset that was "
            "moved, bring along its folder _ae or NAME.ae",
        ) from None
    except (ValueError, RecursionError) as error:
        raise corrupt(path, str(error)) from error
    if not isinstance(tree, dict):
        raise corrupt(path, "not a JSON object")
    return tree


def version_of(tree: dict[str, Any]) -> str:
    """Return the format version of a codec, which may be anything, cut to fit a line."""
    return str(tree.get("format_version"))[:20]


def corrupt(path: Path, got: str) -> CorruptCodecError:
    """Build the error for a damaged codec."""
    return CorruptCodecError(
        "codec is damaged",
        where=str(path),
        got=" ".join(got.split())[:_MOST_TOLD],
        remedy="restore it or fit it again",
    )


def _read_json(path: Path) -> object:
    """Read the JSON of a codec of any format; what an earlier one left beside it does not count."""
    try:
        frame = (path / CODEC_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return parse_tree((path / FORMER_CODEC_FILE).read_bytes())
    return unpack_tree(frame)
