"""The JSON of a codec of any format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any  # JSON trees

import zstandard

FRAME, TEXT = "codec.json.zst", "codec.json"


def read_codec_json(folder: Path) -> dict[str, Any]:
    """The tree of `codec.json.zst`, or of the `codec.json` of formats 1.0 to 3.0."""
    if not (folder / FRAME).exists():
        return json.loads((folder / TEXT).read_text(encoding="utf-8"))
    frame = (folder / FRAME).read_bytes()
    return json.loads(zstandard.ZstdDecompressor().decompress(frame, max_output_size=1 << 26))
