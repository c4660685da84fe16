"""Mappings as JSON trees, with tables of values beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dictionary
from typing import Any, TypeAlias  # Any: JSON trees

import pyarrow as pa

from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.nested.lists import ListMapping, list_of_json
from ae_pipeline.mapping.nested.structs import StructMapping, struct_of_json
from ae_pipeline.mapping.nested.vectors import VectorMapping, vectors_of_json
from ae_pipeline.mapping.plain import WholeMapping, whole_of_json
from ae_pipeline.mapping.scalar.float_record import floats_of_json
from ae_pipeline.mapping.scalar.floats import FloatMapping
from ae_pipeline.mapping.scalar.integers import (
    ClockMapping,
    IntegerMapping,
    clock_of_json,
    integers_of_json,
)
from ae_pipeline.mapping.scalar.wide import WideMapping, wide_of_json
from ae_pipeline.mapping.stored import StoredMapping, stored_of_json
from ae_pipeline.mapping.strings.shapes import Shapes, shapes_of_json
from ae_pipeline.mapping.strings.text import Text, text_of_json
from ae_pipeline.mapping.strings.words import Words, words_of_json

Read: TypeAlias = Callable[[Dictionary[str, Any], str, pa.DataType, Sequence[bytes]], Mapping]
NestedRead: TypeAlias = Callable[
    [Dictionary[str, Any], str, pa.DataType, Sequence[bytes], Read], Mapping
]

#: Who reads which kind.
_READS: dict[str, Read] = {
    WholeMapping.kind: whole_of_json,
    IntegerMapping.kind: integers_of_json,
    ClockMapping.kind: clock_of_json,
    WideMapping.kind: wide_of_json,
    FloatMapping.kind: floats_of_json,
    Words.kind: words_of_json,
    Shapes.kind: shapes_of_json,
    Text.kind: text_of_json,
    VectorMapping.kind: vectors_of_json,
}
#: The same for mappings that have others, whose readers take `mapping_from_json` too.
_NESTED_READS: dict[str, NestedRead] = {
    StoredMapping.kind: stored_of_json,
    StructMapping.kind: struct_of_json,
    ListMapping.kind: list_of_json,
}


def mapping_to_json(mapping: Mapping) -> dict[str, Any]:
    """Write the kind and the settings of a mapping, without its `tables`, column and type."""
    return {"kind": mapping.kind, **mapping.to_json()}


def mapping_from_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Mapping:
    """Invert `mapping_to_json`.

    Args:
        tree: as it was written.
        column: name of the column.
        kind: its Arrow type.
        tables: those of the mapping.

    Raises:
        ValueError: a setting or a table is damaged.
        KeyError: one is missing.
        TypeError: one is something else.
    """
    name = tree["kind"]
    if name in _NESTED_READS:
        return _NESTED_READS[name](tree, column, kind, tables, mapping_from_json)
    if name not in _READS:
        raise ValueError(f"unknown kind of mapping: {name!r}")
    return _READS[name](tree, column, kind, tables)
