"""Mappings as JSON trees, with tables of values beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dictionary
from typing import Any, TypeAlias  # Any: JSON trees

import pyarrow as pa

from ae_pipeline.mapping.base import Mapping
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

#: Who reads which kind. Readers of nested types take `mapping_from_json`.
_READS: dict[str, Read] = {
    WholeMapping.kind: whole_of_json,
    IntegerMapping.kind: integers_of_json,
    ClockMapping.kind: clock_of_json,
    FloatMapping.kind: floats_of_json,
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
    if name not in _READS:
        raise ValueError(f"unknown kind of mapping: {name!r}")
    return _READS[name](tree, column, kind, tables)
