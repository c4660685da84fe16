"""Columns of a Parquet schema in words, for messages."""

from __future__ import annotations

from ae_pipeline.parquet.schema import (
    CONVERTED,
    LENGTH,
    LOGICAL,
    REPETITION,
    TYPE,
    field_of,
    name_of,
    number_of,
)
from ae_pipeline.parquet.thrift import Struct

_PHYSICAL = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED")
_CONVERTED_NAMES = (
    *("UTF8", "MAP", "MAP_KEY_VALUE", "LIST", "ENUM", "DECIMAL", "DATE", "TIME_MILLIS"),
    *("TIME_MICROS", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS", "UINT_8", "UINT_16", "UINT_32"),
    *("UINT_64", "INT_8", "INT_16", "INT_32", "INT_64", "JSON", "BSON", "INTERVAL"),
)
_LOGICAL_NAMES = {
    **{1: "STRING", 2: "MAP", 3: "LIST", 4: "ENUM", 5: "DECIMAL", 6: "DATE", 7: "TIME"},
    **{8: "TIMESTAMP", 10: "INTEGER", 11: "UNKNOWN", 12: "JSON", 13: "BSON", 14: "UUID"},
    **{15: "FLOAT16", 16: "VARIANT", 17: "GEOMETRY", 18: "GEOGRAPHY"},
}
_REPETITIONS = ("required", "optional", "repeated")


def describe(column: tuple[Struct, ...]) -> str:
    """Describe a top-level column for a message: levels, physical types, annotations."""
    parts = []
    for element in column:
        kind = field_of(element, TYPE)
        physical = "group" if kind is None else _PHYSICAL[number_of(element, TYPE)]
        length = field_of(element, LENGTH)
        size = f"({length})" if isinstance(length, int) else ""
        repetition = _REPETITIONS[number_of(element, REPETITION)]
        parts.append(f"{repetition} {physical}{size} {name_of(element)}{_annotation(element)}")
    return " > ".join(parts)


def _annotation(element: Struct) -> str:
    logical, converted = field_of(element, LOGICAL), field_of(element, CONVERTED)
    if isinstance(logical, tuple) and logical:
        number = logical[0][0]
        return f" ({_LOGICAL_NAMES.get(number, f'logical type {number}')})"
    if isinstance(converted, int):
        is_known = 0 <= converted < len(_CONVERTED_NAMES)
        return f" ({_CONVERTED_NAMES[converted] if is_known else f'type {converted}'})"
    return ""
