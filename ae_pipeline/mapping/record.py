"""Mappings as JSON trees, with tables of values beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dictionary
from typing import Any, TypeAlias  # Any: JSON trees

import pyarrow as pa

from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.checked import tree_of, word_of
from ae_pipeline.mapping.extension import ExtensionMapping
from ae_pipeline.mapping.plain import WholeMapping, whole_of_json
from ae_pipeline.mapping.scalar.float_record import floats_of_json
from ae_pipeline.mapping.scalar.floats import FloatMapping
from ae_pipeline.mapping.scalar.integers import (
    ClockMapping,
    IntegerMapping,
    clock_of_json,
    integers_of_json,
)

Read: TypeAlias = Callable[[Dictionary[str, Any], str, pa.DataType, Sequence[bytes]], Mapping]


def _extension_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Mapping:
    if not isinstance(kind, pa.BaseExtensionType):
        raise ValueError(f"no extension: {kind}")
    storage = mapping_from_json(tree_of(tree, "storage"), column, kind.storage_type, tables)
    return ExtensionMapping(column, kind, storage)


#: Who reads which kind. Readers of nested types take `mapping_from_json`.
_READS: dict[str, Read] = {
    WholeMapping.kind: whole_of_json,
    IntegerMapping.kind: integers_of_json,
    ClockMapping.kind: clock_of_json,
    FloatMapping.kind: floats_of_json,
    ExtensionMapping.kind: _extension_of_json,
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
    name = word_of(tree, "kind", frozenset(_READS))
    return _READS[name](tree, column, kind, tables)
