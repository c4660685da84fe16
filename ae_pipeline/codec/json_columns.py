"""The JSON of a codec ↔ the same with arrays of objects turned into columns, which compress better.

`docs/format.md`, section 1.1. The id hashes the former; codecs of formats up to 4.0 store it, too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any  # JSON trees

from ae_pipeline.codec.content import objects

#: Arrays of objects: in the tree, and in the objects that it has.
_ARRAYS = ("features",)
_INNER = {
    "table": ("columns",),
    "provenance": ("plan", "references", "columns", "costs", "rare", "ways", "history"),
}
_SCHEMA, _SCHEMA_HEX = "schema", "schema_hex"


def to_columns(tree: dict[str, Any]) -> dict[str, Any]:
    """Turn the arrays of a codec's tree into columns, and its schema into hex digits."""
    return _changed(_with_hex(tree), _columns_of)


def from_columns(tree: dict[str, Any]) -> dict[str, Any]:
    """Invert `to_columns`; what is not in columns stays.

    Raises:
        ValueError: a column has more or fewer values than another; TypeError for other shapes.
    """
    return _changed(_without_hex(tree), _objects_of)


def _changed(tree: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    found = {key: change(value) if key in _ARRAYS else value for key, value in tree.items()}
    for key, arrays in _INNER.items():
        inner = found.get(key)
        if isinstance(inner, dict):
            found[key] = {k: change(one) if k in arrays else one for k, one in inner.items()}
    return found


def _columns_of(listed: Sequence[dict[str, Any]]) -> Any:
    """Return each key's values: an array, or by number where some objects lack the key."""
    keys = dict.fromkeys(key for one in listed for key in one)
    columns = {
        key: {str(n): one[key] for n, one in enumerate(listed) if key in one} for key in keys
    }
    if all(len(column) < len(listed) for column in columns.values()):
        return listed
    return {
        key: list(column.values()) if len(column) == len(listed) else column
        for key, column in columns.items()
    }


def _objects_of(columns: Any) -> Any:
    if not isinstance(columns, dict):
        return columns
    full = {key: column for key, column in columns.items() if isinstance(column, list)}
    sizes = set(map(len, full.values()))
    if len(sizes) != 1:
        raise ValueError(f"columns of {len(sizes)} lengths")
    found: list[dict[str, Any]] = [{} for _ in range(sizes.pop())]
    for key, column in columns.items():
        sparse = column if key not in full else {str(n): one for n, one in enumerate(column)}
        objects([sparse], key)
        for number, value in sparse.items():
            found[_place(number, len(found))][key] = value
    return found


def _place(number: str, n_objects: int) -> int:
    if not number.isdecimal() or int(number[:20]) >= n_objects:
        raise ValueError(f"a value of object {number:.20} of {n_objects}")
    return int(number)


def _with_hex(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree with a schema whose bytes repeat, which base64 hides from a compressor."""
    message = base64.b64decode(tree[_SCHEMA])
    return {
        (_SCHEMA_HEX if key == _SCHEMA else key): message.hex() if key == _SCHEMA else value
        for key, value in tree.items()
    }


def _without_hex(tree: dict[str, Any]) -> dict[str, Any]:
    if _SCHEMA_HEX not in tree:
        return tree
    left = {key: value for key, value in tree.items() if key != _SCHEMA_HEX}
    message = bytes.fromhex(tree[_SCHEMA_HEX])
    return {**left, _SCHEMA: base64.b64encode(message).decode("ascii")}
