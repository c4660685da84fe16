"""The JSON of a codec of any format."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any  # JSON trees

import zstandard

FRAME, TEXT = "codec.json.zst", "codec.json"
_ARRAYS = {
    "table": ("columns",),
    "provenance": ("plan", "references", "columns", "costs", "rare", "history"),
}


def read_codec_json(folder: Path) -> dict[str, Any]:
    """The tree of `codec.json.zst`, or of the `codec.json` of formats 1.0 to 3.0.

    With the arrays that columns stand for since 5.0.
    """
    if not (folder / FRAME).exists():
        return json.loads((folder / TEXT).read_text(encoding="utf-8"))
    frame = (folder / FRAME).read_bytes()
    tree = json.loads(zstandard.ZstdDecompressor().decompress(frame, max_output_size=1 << 26))
    return _with_arrays(tree) if isinstance(tree, dict) else tree


def _with_arrays(tree: dict[str, Any]) -> dict[str, Any]:
    tree = {key: _array(one) if key == "features" else one for key, one in tree.items()}
    if "schema_hex" in tree:
        tree["schema"] = base64.b64encode(bytes.fromhex(tree.pop("schema_hex"))).decode()
    for key, names in _ARRAYS.items():
        if isinstance(tree.get(key), dict):
            tree[key] = {k: _array(one) if k in names else one for k, one in tree[key].items()}
    return tree


def _array(columns: Any) -> Any:
    """The objects that columns stand for."""
    if not isinstance(columns, dict):
        return columns
    n_objects = next(len(column) for column in columns.values() if isinstance(column, list))
    found: list[dict[str, Any]] = [{} for _ in range(n_objects)]
    for key, column in columns.items():
        pairs = enumerate(column) if isinstance(column, list) else column.items()
        for number, value in pairs:
            found[int(number)][key] = value
    return found
