"""The schema that a Parquet file itself states, element by element, whatever Arrow makes of it.

Arrow reads INTERVAL as bytes and VARIANT as a struct, and shows two names of a list as one. Here
every element is as it was written, types that nobody knows yet included. Source: parquet.thrift.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.parquet.footer import (
    KEY_VALUES,
    SCHEMA,
    footer_bytes_of,
    parsing,
    read_footer_bytes,
)
from ae_pipeline.parquet.thrift import LIST, STRUCT, Items, Struct, Thrift, Value, write_value

#: Fields of a schema element in parquet.thrift.
_TYPE, _LENGTH, _REPETITION, _NAME, _N_CHILDREN, _CONVERTED, _LOGICAL = 1, 2, 3, 4, 5, 6, 10
ARROW_KEY = b"ARROW:schema"

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED_BYTES = range(8)
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
#: Annotations of bytes that are sorted byte by byte: text, enums, JSON, BSON, UUID.
_BYTEWISE, _BYTEWISE_CONVERTED = {1, 4, 12, 13, 14}, {None, 0, 4, 19, 20}
_REQUIRED = 0
_REPETITIONS = ("required", "optional", "repeated")


@dataclass(frozen=True)
class Leaf:
    """One leaf column.

    Args:
        path: names from the top-level column down.
        physical: number of its physical type.
        length: bytes of a value of fixed length.
        levels: repetition of each element on the way that is not required; what is stored of a
            column depends on these and on the two above alone.
        note: its annotations, to compare.
    """

    path: tuple[str, ...]
    physical: int
    length: int
    levels: tuple[int, ...]
    note: tuple[Value, ...]

    @property
    def physics(self) -> tuple[int, int, tuple[int, ...]]:
        """All that what is stored of it depends on; lengths of other types mean nothing."""
        return self.physical, self.length if self.physical == FIXED_BYTES else 0, self.levels

    @property
    def order(self) -> object:
        """How statistics of it are sorted: bytes by what they stand for, numbers by their type."""
        if self.physical not in (BYTE_ARRAY, FIXED_BYTES):
            return self.physical
        converted, logical = self.note
        if isinstance(logical, tuple) and logical:
            number = logical[0][0]
            return "bytes" if number in _BYTEWISE else number
        return "bytes" if converted in _BYTEWISE_CONVERTED else ("converted", converted)


@dataclass(frozen=True)
class ParquetSchema:
    """Elements of a schema.

    Args:
        root: the element above all columns.
        columns: elements of each top-level column, depth first.
    """

    root: Struct
    columns: tuple[tuple[Struct, ...], ...]

    @property
    def names(self) -> list[str]:
        """Of the top-level columns, in order."""
        return [_name(column[0]) for column in self.columns]

    @property
    def leaves(self) -> list[Leaf]:
        """All leaf columns, in order."""
        return [leaf for column in self.columns for leaf in leaves_of(column)]

    @property
    def has_int96(self) -> bool:
        """Whether there are timestamps of the deprecated kind."""
        return any(leaf.physical == INT96 for leaf in self.leaves)

    def to_items(self) -> Items:
        """As the list that a footer holds."""
        root = tuple(
            (number, kind, len(self.columns) if number == _N_CHILDREN else value)
            for number, kind, value in self.root
        )
        elements = [element for column in self.columns for element in column]
        return Items(STRUCT, (root, *elements))

    @classmethod
    def from_items(cls, items: Value) -> ParquetSchema:
        """Inverse of `to_items`; ValueError if it is no schema."""
        if not isinstance(items, Items) or items.kind != STRUCT or not items.values:
            raise ValueError("no Parquet schema")
        root, *elements = (as_struct(value) for value in items.values)
        columns = []
        while elements:
            size = _size(elements)
            columns.append(tuple(elements[:size]))
            elements = elements[size:]
        if len(columns) != _number(root, _N_CHILDREN):
            raise ValueError("elements do not add up")
        return cls(root, tuple(columns))

    def of(self, names: list[str]) -> ParquetSchema:
        """These top-level columns alone, in this order; KeyError if one is not there."""
        columns = dict(zip(self.names, self.columns, strict=True))
        return replace(self, columns=tuple(columns[name] for name in names))


def leaves_of(column: tuple[Struct, ...]) -> list[Leaf]:
    """Leaf columns of the elements of one top-level column, in order."""
    return list(_walk(iter(column), (), ()))


def describe(column: tuple[Struct, ...]) -> str:
    """One top-level column for a message: levels, physical types, annotations."""
    parts = []
    for element in column:
        kind = _get(element, _TYPE)
        physical = "group" if kind is None else _PHYSICAL[_number(element, _TYPE)]
        length = _get(element, _LENGTH)
        size = f"({length})" if isinstance(length, int) else ""
        repetition = _REPETITIONS[_number(element, _REPETITION)]
        parts.append(f"{repetition} {physical}{size} {_name(element)}{_annotation(element)}")
    return " > ".join(parts)


def read_parquet_schema(path: Path) -> tuple[ParquetSchema, bytes | None]:
    """The schema that a file states, and its stored Arrow schema as it stands there, if any.

    Raises:
        pa.ArrowInvalid: the footer is damaged; `reading_errors` names the file.
    """
    with parsing("its schema cannot be read"):
        return parse_footer(read_footer_bytes(path))


def parse_footer(content: bytes) -> tuple[ParquetSchema, bytes | None]:
    """As `read_parquet_schema`, of a footer's bytes; ValueError or IndexError if it is damaged."""
    thrift = Thrift(content)
    schema: ParquetSchema | None = None
    arrow: bytes | None = None
    for number, kind in thrift.fields():
        if number == SCHEMA:
            schema = ParquetSchema.from_items(thrift.value(kind))
        elif number == KEY_VALUES:
            arrow = _stored_arrow(thrift.value(kind))
        else:
            thrift.skip(kind)
    if schema is None:
        raise ValueError("no schema")
    return schema, arrow


def schema_of_writer(arrow: pa.Schema, *, has_int96: bool = False) -> tuple[ParquetSchema, bytes]:
    """What Arrow's writer states for a table of a schema, and the Arrow schema that it stores."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, arrow, use_deprecated_int96_timestamps=has_int96):
        pass
    schema, stored = parse_footer(footer_bytes_of(sink))
    return schema, stored or b""


def pack_parquet_schema(schema: ParquetSchema) -> bytes:
    """Its bytes in a footer."""
    return write_value(LIST, schema.to_items())


def _walk(
    elements: Iterator[Struct], path: tuple[str, ...], levels: tuple[int, ...]
) -> Iterator[Leaf]:
    element = next(elements)
    repetition = _number(element, _REPETITION)
    path = (*path, _name(element))
    levels = levels if repetition == _REQUIRED else (*levels, repetition)
    if _get(element, _TYPE) is None:
        for _ in range(_number(element, _N_CHILDREN)):
            yield from _walk(elements, path, levels)
        return
    yield Leaf(
        path,
        _number(element, _TYPE),
        _number(element, _LENGTH),
        levels,
        (_get(element, _CONVERTED), _get(element, _LOGICAL)),
    )


def _size(elements: list[Struct]) -> int:
    """How many of the elements the first one is, with all below it."""
    open_elements = size = 1
    open_elements += _number(elements[0], _N_CHILDREN) - 1
    while open_elements:
        if size >= len(elements):
            raise ValueError("elements are missing")
        open_elements += _number(elements[size], _N_CHILDREN) - 1
        size += 1
    return size


def _annotation(element: Struct) -> str:
    logical, converted = _get(element, _LOGICAL), _get(element, _CONVERTED)
    if isinstance(logical, tuple) and logical:
        number = logical[0][0]
        return f" ({_LOGICAL_NAMES.get(number, f'logical type {number}')})"
    if isinstance(converted, int):
        is_known = 0 <= converted < len(_CONVERTED_NAMES)
        return f" ({_CONVERTED_NAMES[converted] if is_known else f'type {converted}'})"
    return ""


def _stored_arrow(pairs: Value) -> bytes | None:
    if not isinstance(pairs, Items):
        raise ValueError("no keys and values")
    for pair in pairs.values:
        if _get(as_struct(pair), 1) == ARROW_KEY:
            value = _get(as_struct(pair), 2)
            return value if isinstance(value, bytes) else b""
    return None


def as_struct(value: Value) -> Struct:
    """The value, which must be a struct; ValueError if it is none."""
    if not isinstance(value, tuple):
        raise ValueError("no struct")
    return value


def _get(element: Struct, number: int) -> Value:
    return next((value for found, _, value in element if found == number), None)


def _number(element: Struct, number: int) -> int:
    """A small number of an element, 0 if it has none; ValueError if it is negative or no number."""
    value = _get(element, number)
    if value is None:
        return 0
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"field {number} of a schema element is {value!r}")
    return value


def _name(element: Struct) -> str:
    name = _get(element, _NAME)
    if not isinstance(name, bytes):
        raise ValueError("a schema element without a name")
    return name.decode()
