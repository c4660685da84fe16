"""What a Parquet file states beyond what Arrow reads from it, so that decode can state it again.

Two files of one Arrow schema differ in names inside of lists, in physical types of decimals and
timestamps, in annotations that Arrow does not know, in the Arrow schema that they store.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa

from ae_pipeline.coding import varint
from ae_pipeline.parquet.physical import physical_type
from ae_pipeline.parquet.schema import (
    ARROW_KEY,
    ParquetSchema,
    describe,
    leaves_of,
    pack_parquet_schema,
    read_parquet_schema,
    schema_of_writer,
)
from ae_pipeline.parquet.thrift import LIST, Struct, Thrift

_NANOSECONDS, _ACCEPTED = 1, 2
_NO_ARROW, _OWN_ARROW, _ARROW_FOLLOWS = range(3)


@dataclass(frozen=True)
class Change:
    """A column that cannot be written as its source states it."""

    name: str
    theirs: str
    ours: str


@dataclass(frozen=True)
class Form:
    """What a file is to state of itself.

    Args:
        schema: every element.
        stored: the Arrow schema that it stores: its IPC message, or that of the writer
            (`"own"`), or None for none.
        int96: unit in which Arrow reads timestamps of 96 bits.
        has_changes: columns that cannot be written as they were are to be written as Arrow does.
    """

    schema: ParquetSchema
    stored: bytes | Literal["own"] | None
    int96: Literal["us", "ns"] = "us"
    has_changes: bool = False

    def of(self, arrow: pa.Schema) -> Form:
        """Of some of the columns, in the order of `arrow`; KeyError if one is not there."""
        if arrow.names == self.schema.names:
            return self
        stored = self.stored
        if isinstance(stored, bytes):
            whole = pa.ipc.read_schema(pa.py_buffer(stored))
            fields = [whole.field(name) for name in arrow.names]
            stored = pa.schema(fields, whole.metadata).serialize().to_pybytes()
        return replace(self, schema=self.schema.of(arrow.names), stored=stored)

    def physical(self, arrow: pa.Schema) -> pa.Schema:
        """The types to write the columns of a schema as; ValueError if some cannot be."""
        ours, _ = schema_of_writer(arrow, has_int96=self.schema.has_int96)
        kinds = [
            _physical(field.type, one, other)
            for field, one, other in zip(arrow, ours.columns, self.schema.columns, strict=True)
        ]
        fields = [field.with_type(kind) for field, kind in zip(arrow, kinds, strict=True)]
        return pa.schema(fields, arrow.metadata)

    def key_values(self, arrow: pa.Schema) -> dict[bytes, bytes]:
        """Keys and values of a table of schema `arrow`, a stored Arrow schema among them."""
        pairs = dict(arrow.metadata or {})
        if self.stored is not None:
            message = self.stored
            text = schema_of_writer(arrow)[1] if message == "own" else base64.b64encode(message)
            pairs[ARROW_KEY] = text
        return pairs

    def to_bytes(self) -> bytes:
        """For a footer, see docs/format.md."""
        flags = _NANOSECONDS * (self.int96 == "ns") | _ACCEPTED * self.has_changes
        tag, rest = _NO_ARROW if self.stored is None else _OWN_ARROW, b""
        if isinstance(self.stored, bytes):
            tag, rest = _ARROW_FOLLOWS, self.stored
        schema = pack_parquet_schema(self.schema)
        return bytes([flags, tag]) + varint(len(schema)) + schema + rest

    @classmethod
    def from_bytes(cls, content: bytes) -> Form:
        """Inverse of `to_bytes`; ValueError or IndexError if it is damaged."""
        flags, tag = content[0], content[1]
        if tag not in (_NO_ARROW, _OWN_ARROW, _ARROW_FOLLOWS):
            raise ValueError(f"form of tag {tag}")
        thrift = Thrift(content[2:])
        size = thrift.unsigned()
        start = 2 + thrift.position
        schema = ParquetSchema.from_items(Thrift(content[start : start + size]).value(LIST))
        follows = content[start + size :]
        stored: dict[int, bytes | Literal["own"] | None] = {
            _NO_ARROW: None,
            _OWN_ARROW: "own",
            _ARROW_FOLLOWS: follows,
        }
        return cls(
            schema,
            stored[tag],
            "ns" if flags & _NANOSECONDS else "us",
            bool(flags & _ACCEPTED),
        )


def own_form(
    path: Path, arrow: pa.Schema, int96: Literal["us", "ns"]
) -> tuple[Form | None, list[Change]]:
    """The form of a file, None if it is what Arrow's writer makes, and what must change of it.

    Args:
        path: of the file.
        arrow: what Arrow reads of it.
        int96: unit in which Arrow reads its timestamps of 96 bits.

    Raises:
        pa.ArrowInvalid: its footer is damaged; `reading_errors` names the file.
    """
    theirs, text = read_parquet_schema(path)
    plain, plain_text = schema_of_writer(arrow)
    stored = _stored(text, plain_text)
    if theirs == plain and stored == "own":
        return None, []
    ours, _ = schema_of_writer(arrow, has_int96=theirs.has_int96)
    columns, changes = list(theirs.columns), []
    for number, (field, one, other) in enumerate(_paired(arrow, ours, theirs)):
        try:
            _physical(field.type, one, other)
        except ValueError:
            # Without INT96, which the writer would make of every timestamp.
            columns[number] = plain.columns[number]
            told = describe(plain.columns[number])
            changes.append(Change(field.name, describe(other), told))
    schema = replace(theirs, columns=tuple(columns))
    return Form(schema, stored, int96, has_changes=bool(changes)), changes


def differing_columns(source: Path, arrow: pa.Schema, form: Form | None) -> list[Change]:
    """Columns that a decoded file would not state as its source does, accepted ones apart.

    Args:
        source: the file that was encoded.
        arrow: schema that decoding gives.
        form: what was kept of its form.
    """
    theirs, text = read_parquet_schema(source)
    plain, plain_text = schema_of_writer(arrow)
    ours = plain if form is None else form.schema
    found = []
    for number, (field, one, other) in enumerate(_paired(arrow, ours, theirs)):
        if one == other or (form is not None and form.has_changes and one == plain.columns[number]):
            continue
        found.append(Change(field.name, describe(other), describe(one)))
    if not found and _stored(text, plain_text) != ("own" if form is None else form.stored):
        found.append(Change("", "another Arrow schema in the footer", "the one that was kept"))
    return found


def _paired(
    arrow: pa.Schema, ours: ParquetSchema, theirs: ParquetSchema
) -> Iterator[tuple[pa.Field, tuple[Struct, ...], tuple[Struct, ...]]]:
    """Columns side by side; ValueError if they are not as many."""
    return zip(arrow, ours.columns, theirs.columns, strict=True)


def _physical(
    kind: pa.DataType, ours: tuple[Struct, ...], theirs: tuple[Struct, ...]
) -> pa.DataType:
    """The type to write a column as; ValueError if nothing gives what its elements need."""
    one, other = leaves_of(ours), leaves_of(theirs)
    if [leaf.levels for leaf in one] != [leaf.levels for leaf in other]:
        raise ValueError("other levels")
    return physical_type(kind, iter(one), iter(other))


def _stored(text: bytes | None, plain: bytes) -> bytes | Literal["own"] | None:
    """What a file stores as its Arrow schema, in the terms of `Form`."""
    if text is None:
        return None
    try:
        message = base64.b64decode(text, validate=True)
        own = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(plain)))
        found = pa.ipc.read_schema(pa.py_buffer(message))
        return "own" if _is_same(found, own) else message
    except (ValueError, OSError, pa.ArrowException):
        return "own"


def _is_same(one: pa.Schema, other: pa.Schema) -> bool:
    """Whether both read the same; names inside of lists and maps are those of the file anyway."""
    return bool(
        one.equals(other)
        and (one.metadata or {}) == (other.metadata or {})
        and [field_metadata(field) for field in one] == [field_metadata(field) for field in other]
    )


def field_metadata(field: pa.Field) -> list[dict[bytes, bytes]]:
    """Metadata of a field and then of all fields inside of it; none and empty are the same."""
    parts = (field.type.field(number) for number in range(field.type.num_fields))
    return [field.metadata or {}, *(found for part in parts for found in field_metadata(part))]
