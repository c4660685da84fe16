"""Texts of a features codec, to JSON and back with every value checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # JSON that others wrote

import pyarrow as pa

from ae_pipeline.codec.content import all_finite, objects, text_of
from ae_pipeline.columns import TableSchema
from ae_pipeline.inputs import Text, is_text

#: Terms of one column; a network sees far fewer.
_MOST_TERMS = 1 << 16


def texts_to_json(texts: Mapping[str, Text]) -> list[dict[str, Any]]:
    """Write the terms and weights of each column of text."""
    return [
        {"name": name, "terms": list(text.terms), "weights": list(text.weights)}
        for name, text in texts.items()
    ]


def texts_from_json(tree: Mapping[str, Any], schema: TableSchema) -> dict[str, Text]:
    """Read the texts of a codec, which may have none, by the name of their column.

    Raises:
        ValueError: a column is not kept, not of strings or told twice; or terms are no distinct
            texts with a weight each.
    """
    found = {}
    for one in objects(tree.get("texts", []), "texts"):
        name = text_of(one, "name")
        kinds = [schema.arrow.field(name).type] if name in schema.kept else []
        if name in found or not any(map(_may_be_text, kinds)):
            raise ValueError(f"{name[:40]!r} is no kept column of strings, or told twice")
        found[name] = _text(one, name)
    return found


def _text(one: Mapping[str, Any], name: str) -> Text:
    terms, weights = one["terms"], one["weights"]
    if not (isinstance(terms, list) and isinstance(weights, list)):
        raise ValueError(f"text {name[:40]!r} has no lists of terms and weights")
    if not 0 < len(terms) == len(weights) <= _MOST_TERMS:
        raise ValueError(f"{len(weights)} weights of {len(terms)} terms")
    if any(type(term) is not str for term in terms) or len({*terms}) < len(terms):
        raise ValueError(f"terms of {name[:40]!r} repeat, or are no texts")
    numbers = all_finite(weights, "weights")
    if min(numbers) <= 0:
        raise ValueError(f"a weight of {name[:40]!r} is not above 0")
    return Text(tuple(terms), numbers)


def _may_be_text(kind: pa.DataType) -> bool:
    return is_text(kind.value_type if pa.types.is_dictionary(kind) else kind)
