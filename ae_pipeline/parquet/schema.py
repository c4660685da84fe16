"""The schema that a Parquet file itself states, whatever Arrow makes of it.

Arrow reads INTERVAL as bytes and VARIANT as a struct, and shows lists whose elements have different
names as one type. Here every element stays as it was written.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.parquet.footer import KEY_VALUES, SCHEMA, footer_bytes, parsing
from ae_pipeline.parquet.thrift import LIST, STRUCT, Items, Struct, Take, Thrift, Value, write_value

#: Fields of a schema element in parquet.thrift.
TYPE, LENGTH, REPETITION, NAME, N_CHILDREN, CONVERTED, LOGICAL = 1, 2, 3, 4, 5, 6, 10
BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED_BYTES = range(8)
ARROW_KEY = b"ARROW:schema"
#: Annotations of bytes that are sorted byte by byte: text, enums, JSON, BSON, UUID.
_BYTEWISE, _BYTEWISE_CONVERTED = {1, 4, 12, 13, 14}, {None, 0, 4, 19, 20}
_REQUIRED = 0


@dataclass(frozen=True)
class Leaf:
    """One leaf column.

    Args:
        path: names from the top-level column down.
        physical: number of its physical type.
        length: bytes of a value of fixed length.
        levels: repetition of each element on the way that is not required.
        note: its annotations, to compare.
    """

    path: tuple[str, ...]
    physical: int
    length: int
    levels: tuple[int, ...]
    note: tuple[Value, ...]

    @property
    def physics(self) -> tuple[int, int, tuple[int, ...]]:
        """The facts that its pages depend on; only types of fixed length have a length."""
        return self.physical, self.length if self.physical == FIXED_BYTES else 0, self.levels

    @property
    def order(self) -> object:
        """The order of its statistics: of bytes what they stand for, of numbers the type."""
        if self.physical not in (BYTE_ARRAY, FIXED_BYTES):
            return self.physical
        converted, logical = self.note
        if isinstance(logical, tuple) and logical:
            number = logical[0][0]
            return "bytes" if number in _BYTEWISE else number
        return "bytes" if converted in _BYTEWISE_CONVERTED else ("converted", converted)


@dataclass(frozen=True)
class ParquetSchema:
    """The elements of a schema.

    Args:
        root: the element above all columns.
        columns: elements of each top-level column, depth first.
    """

    root: Struct
    columns: tuple[tuple[Struct, ...], ...]

    @property
    def names(self) -> list[str]:
        """Names of the top-level columns, in order."""
        return [name_of(column[0]) for column in self.columns]

    @property
    def leaves(self) -> list[Leaf]:
        """All leaf columns, in order."""
        return [leaf for column in self.columns for leaf in leaves_of(column)]

    @property
    def has_int96(self) -> bool:
        """Whether it has timestamps of 96 bits, which are deprecated."""
        return any(leaf.physical == INT96 for leaf in self.leaves)

    def to_items(self) -> Items:
        """Return the list that a footer holds."""
        root = tuple(
            (number, kind, len(self.columns) if number == N_CHILDREN else value)
            for number, kind, value in self.root
        )
        elements = [element for column in self.columns for element in column]
        return Items(STRUCT, (root, *elements))

    @classmethod
    def from_items(cls, items: Value) -> ParquetSchema:
        """Return the schema that `to_items` packed; `ValueError` if it is none."""
        if not isinstance(items, Items) or items.kind != STRUCT or not items.values:
            raise ValueError("not a Parquet schema")
        root, *elements = (as_struct(value) for value in items.values)
        columns = []
        while elements:
            size = _size(elements)
            columns.append(tuple(elements[:size]))
            elements = elements[size:]
        if len(columns) != number_of(root, N_CHILDREN):
            raise ValueError("elements do not add up")
        return cls(root, tuple(columns))

    def of(self, names: list[str]) -> ParquetSchema:
        """Return these top-level columns alone, in this order; `KeyError` if one is missing."""
        columns = dict(zip(self.names, self.columns, strict=True))
        return replace(self, columns=tuple(columns[name] for name in names))


def leaves_of(column: tuple[Struct, ...]) -> list[Leaf]:
    """Return the leaf columns of a top-level column, in order."""
    return list(_walk(iter(column), (), ()))


def read_parquet_schema(file: BinaryIO) -> tuple[ParquetSchema, bytes | None]:
    """Read the schema that an open file states, and the text of its stored Arrow schema, if any.

    Raises:
        pa.ArrowInvalid: the footer is damaged; `reading_errors` names the file.
    """
    with parsing("its schema cannot be read"):
        return parse_schema(footer_bytes(file))


def parse_schema(footer: bytes) -> tuple[ParquetSchema, bytes | None]:
    """As `read_parquet_schema`, from a footer; `ValueError` or `IndexError` if it is damaged."""
    found = Thrift(footer).select({SCHEMA: Take.WHOLE, KEY_VALUES: Take.WHOLE})
    if SCHEMA not in found:
        raise ValueError("no schema")
    stored = _stored_arrow(found[KEY_VALUES]) if KEY_VALUES in found else None
    return ParquetSchema.from_items(found[SCHEMA]), stored


def schema_of_writer(arrow: pa.Schema, *, has_int96: bool = False) -> tuple[ParquetSchema, bytes]:
    """Return what Arrow's writer states for a table of a schema, and the Arrow schema it stores."""
    return _stated(_Written(arrow.serialize().to_pybytes(), has_int96, arrow))


@dataclass(frozen=True)
class _Written:
    """A schema to write; equal to others with the same message, whose metadata are the same."""

    message: bytes
    has_int96: bool
    arrow: pa.Schema = field(compare=False)


@lru_cache(maxsize=8)  # fragments of a dataset have one schema, or few
def _stated(table: _Written) -> tuple[ParquetSchema, bytes]:
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.arrow, use_deprecated_int96_timestamps=table.has_int96):
        pass
    schema, stored = parse_schema(footer_bytes(sink))
    return schema, stored or b""


def is_derivable(arrow: pa.Schema) -> bool:
    """Whether Arrow reads a schema from what its writer states, without the one it stores."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, arrow, store_schema=False):
        pass
    with pq.ParquetFile(sink) as file:
        return bool(file.schema_arrow.equals(arrow, check_metadata=True))


def pack_parquet_schema(schema: ParquetSchema) -> bytes:
    """Return the bytes of a schema in a footer."""
    return write_value(LIST, schema.to_items())


def as_struct(value: Value) -> Struct:
    """Return the value, which must be a struct; `ValueError` otherwise."""
    if not isinstance(value, tuple):
        raise ValueError("no struct")
    return value


def field_of(element: Struct, number: int) -> Value:
    """Return the value of a field; None if the element lacks it."""
    return next((value for found, _, value in element if found == number), None)


def number_of(element: Struct, number: int) -> int:
    """Return a small number of an element, 0 if it lacks it; `ValueError` if it is no such."""
    value = field_of(element, number)
    if value is None:
        return 0
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"field {number} of a schema element is {value!r}")
    return value


def name_of(element: Struct) -> str:
    """Return the name of an element; `ValueError` if it has none."""
    name = field_of(element, NAME)
    if not isinstance(name, bytes):
        raise ValueError("a schema element without a name")
    return name.decode()


def _walk(
    elements: Iterator[Struct], path: tuple[str, ...], levels: tuple[int, ...]
) -> Iterator[Leaf]:
    element = next(elements)
    repetition = number_of(element, REPETITION)
    path = (*path, name_of(element))
    levels = levels if repetition == _REQUIRED else (*levels, repetition)
    if field_of(element, TYPE) is None:
        for _ in range(number_of(element, N_CHILDREN)):
            yield from _walk(elements, path, levels)
        return
    yield Leaf(
        path,
        number_of(element, TYPE),
        number_of(element, LENGTH),
        levels,
        (field_of(element, CONVERTED), field_of(element, LOGICAL)),
    )


def _size(elements: list[Struct]) -> int:
    """Count the first element and all elements below it."""
    open_elements = size = 1
    open_elements += number_of(elements[0], N_CHILDREN) - 1
    while open_elements:
        if size >= len(elements):
            raise ValueError("elements are missing")
        open_elements += number_of(elements[size], N_CHILDREN) - 1
        size += 1
    return size


def _stored_arrow(pairs: Value) -> bytes | None:
    if not isinstance(pairs, Items):
        raise ValueError("not keys and values")
    for pair in pairs.values:
        if field_of(as_struct(pair), 1) == ARROW_KEY:
            value = field_of(as_struct(pair), 2)
            return value if isinstance(value, bytes) else b""
    return None
