"""The JSON of a codec on disk, to be looked at and to be changed."""

from __future__ import annotations

import json
from pathlib import Path

import zstandard

from tests.support.format_reader.codec_json import FRAME, TEXT, read_codec_json

__all__ = ["has_json", "read_codec_json", "write_codec_json", "write_codec_text"]


def has_json(folder: Path) -> bool:
    """Whether there is a codec."""
    return (folder / FRAME).exists() or (folder / TEXT).exists()


def write_codec_json(folder: Path, tree: object) -> None:
    """Replace the tree, which may be anything."""
    write_codec_text(folder, json.dumps(tree).encode())


def write_codec_text(folder: Path, text: bytes) -> None:
    """Replace the text in the frame, which may be no JSON; quickly, since tests do it often."""
    (folder / FRAME).write_bytes(zstandard.ZstdCompressor(level=1).compress(text))
