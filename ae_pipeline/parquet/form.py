"""The form of a Parquet file: what it states beyond its Arrow schema, for decode to state again.

Two files with the same Arrow schema can differ in the names inside lists, in the physical types of
decimals and timestamps, in annotations that Arrow does not know, and in the stored Arrow schema.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

import pyarrow as pa

from ae_pipeline.coding import varint
from ae_pipeline.parquet.describe import describe
from ae_pipeline.parquet.physical import physical_type
from ae_pipeline.parquet.schema import (
    ARROW_KEY,
    ParquetSchema,
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
    """A column whose decoded file cannot state what the source file states.

    Args:
        name: of the column; empty for what concerns the whole file.
        source: the statement of the source file, in words.
        decoded: that of the decoded file.
    """

    name: str
    source: str
    decoded: str


@dataclass(frozen=True)
class Form:
    """The statements of a file about itself.

    Args:
        schema: every element of its Parquet schema.
        stored: the IPC message of the Arrow schema it stores; `"own"` for the one that Arrow's
            writer stores, None for none.
        int96: unit in which Arrow reads timestamps of 96 bits.
        has_changes: columns that cannot be written as they were are written as Arrow does.
    """

    schema: ParquetSchema
    stored: bytes | Literal["own"] | None
    int96: Literal["us", "ns"] = "us"
    has_changes: bool = False

    def of(self, arrow: pa.Schema) -> Form:
        """Return the form of some columns, ordered as `arrow`; `KeyError` if one is missing."""
        if arrow.names == self.schema.names:
            return self
        stored = self.stored
        if isinstance(stored, bytes):
            whole = pa.ipc.read_schema(pa.py_buffer(stored))
            fields = [whole.field(name) for name in arrow.names]
            stored = pa.schema(fields, whole.metadata).serialize().to_pybytes()
        return replace(self, schema=self.schema.of(arrow.names), stored=stored)

    def physical(self, arrow: pa.Schema) -> pa.Schema:
        """Return a schema whose types are written as the form states; `ValueError` if none is."""
        written, _ = schema_of_writer(arrow, has_int96=self.schema.has_int96)
        kinds = [
            _physical(field.type, column, wanted)
            for field, column, wanted in _paired(arrow, written, self.schema)
        ]
        fields = [field.with_type(kind) for field, kind in zip(arrow, kinds, strict=True)]
        return pa.schema(fields, arrow.metadata)

    def key_values(self, arrow: pa.Schema) -> dict[bytes, bytes]:
        """Return the key-value metadata of a table, its stored Arrow schema included."""
        pairs = dict(arrow.metadata or {})
        if self.stored is not None:
            message = self.stored
            text = schema_of_writer(arrow)[1] if message == "own" else base64.b64encode(message)
            pairs[ARROW_KEY] = text
        return pairs

    def to_bytes(self) -> bytes:
        """Pack the form for a footer, see docs/format.md."""
        flags = _NANOSECONDS * (self.int96 == "ns") | _ACCEPTED * self.has_changes
        tag, rest = _NO_ARROW if self.stored is None else _OWN_ARROW, b""
        if isinstance(self.stored, bytes):
            tag, rest = _ARROW_FOLLOWS, self.stored
        schema = pack_parquet_schema(self.schema)
        return bytes([flags, tag]) + varint(len(schema)) + schema + rest

    @classmethod
    def from_bytes(cls, content: bytes) -> Form:
        """Unpack what `to_bytes` packed; `ValueError` or `IndexError` if it is damaged."""
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
    file: BinaryIO, arrow: pa.Schema, int96: Literal["us", "ns"]
) -> tuple[Form | None, list[Change]]:
    """Return the form of a file, None if Arrow's writer makes it, and what decode must change.

    Args:
        file: a Parquet file that is open.
        arrow: what Arrow reads of it.
        int96: unit in which Arrow reads its timestamps of 96 bits.

    Raises:
        pa.ArrowInvalid: its footer is damaged; `reading_errors` names the file.
    """
    stated, text = read_parquet_schema(file)
    plain, plain_text = schema_of_writer(arrow)
    stored = _stored(text, plain_text)
    if stated == plain and stored == "own":
        return None, []
    written, _ = schema_of_writer(arrow, has_int96=stated.has_int96)
    columns, changes = list(stated.columns), []
    for number, (field, column, wanted) in enumerate(_paired(arrow, written, stated)):
        try:
            _physical(field.type, column, wanted)
        except ValueError:
            # Without INT96, which the writer would make of every timestamp.
            columns[number] = plain.columns[number]
            decoded = describe(plain.columns[number])
            changes.append(Change(field.name, describe(wanted), decoded))
    schema = replace(stated, columns=tuple(columns))
    return Form(schema, stored, int96, has_changes=bool(changes)), changes


def differing_columns(source: BinaryIO, arrow: pa.Schema, form: Form | None) -> list[Change]:
    """Find columns that a decoded file would not state as its source does, accepted ones apart.

    Args:
        source: the file that was encoded, open.
        arrow: schema that decoding gives.
        form: what was kept of its form.
    """
    stated, text = read_parquet_schema(source)
    plain, plain_text = schema_of_writer(arrow)
    kept = plain if form is None else form.schema
    found = []
    for number, (field, column, wanted) in enumerate(_paired(arrow, kept, stated)):
        is_accepted = form is not None and form.has_changes and column == plain.columns[number]
        if column != wanted and not is_accepted:
            found.append(Change(field.name, describe(wanted), describe(column)))
    if not found and _stored(text, plain_text) != ("own" if form is None else form.stored):
        found.append(Change("", "another Arrow schema in the footer", "the one that was kept"))
    return found


def _paired(
    arrow: pa.Schema, one: ParquetSchema, other: ParquetSchema
) -> Iterator[tuple[pa.Field, tuple[Struct, ...], tuple[Struct, ...]]]:
    """Yield columns side by side; `ValueError` if the schemas have different numbers of them."""
    return zip(arrow, one.columns, other.columns, strict=True)


def _physical(
    kind: pa.DataType, written: tuple[Struct, ...], wanted: tuple[Struct, ...]
) -> pa.DataType:
    """Return the type to write a column as; `ValueError` if no type gives the wanted elements."""
    written_leaves, wanted_leaves = leaves_of(written), leaves_of(wanted)
    if [leaf.levels for leaf in written_leaves] != [leaf.levels for leaf in wanted_leaves]:
        raise ValueError("other levels")
    return physical_type(kind, iter(written_leaves), iter(wanted_leaves))


def _stored(text: bytes | None, plain: bytes) -> bytes | Literal["own"] | None:
    """Return `Form.stored` of a file, given the text it stores and the text of Arrow's writer."""
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
    """Whether both read the same; names inside lists and maps are those of the file anyway."""
    return bool(
        one.equals(other)
        and (one.metadata or {}) == (other.metadata or {})
        and [field_metadata(field) for field in one] == [field_metadata(field) for field in other]
    )


def field_metadata(field: pa.Field) -> list[dict[bytes, bytes]]:
    """List the metadata of a field and of all fields inside it; none and empty are the same."""
    parts = (field.type.field(number) for number in range(field.type.num_fields))
    return [field.metadata or {}, *(found for part in parts for found in field_metadata(part))]
