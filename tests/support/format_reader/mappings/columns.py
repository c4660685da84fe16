"""A column from its integers and its side, by its mapping (section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa

from tests.support.format_reader.mappings.parts import (
    FLOATS,
    bitmap,
    of_bytes,
    read_bytes,
    read_packed,
    read_texts,
    spread,
)
from tests.support.format_reader.mappings.scalars import (
    clocks_of,
    floats_of,
    integers_of,
    wide_of,
)
from tests.support.format_reader.mappings.strings import read_words, shaped, slots_of
from tests.support.format_reader.mappings.sub_columns import limbs_of, storage_kind
from tests.support.format_reader.streams import (
    Bytes,
    read_numbers,
    read_positions,
    read_validity,
)

#: Integers of all sub-columns by name, None in rows that have none.
Known = dict[str, list[int | None]]


@dataclass(frozen=True)
class Mapped:
    """A column, or a child of one, that is to be made.

    Args:
        tree: its mapping.
        name: of its sub-columns.
        kind: its type.
        tables: of its mapping.
        known: integers of the block.
        rows: the rows of its space that it has, in order.
    """

    tree: dict[str, Any]
    name: str
    kind: pa.DataType
    tables: list[bytes]
    known: Known
    rows: list[int]

    def read(self, side: bytes, *, is_whole: bool) -> pa.Array:
        """The column."""
        way = self.tree["kind"]
        if way == "stored":
            return self._stored(side, is_whole)
        if is_whole:
            return read_packed(side, self.kind, len(self.rows))
        read = {"struct": self._struct, "list": self._list, "vectors": self._vectors}
        return read.get(way, self._leaf)(side)

    def _integers(self, name: str, rows: list[int] | None = None) -> list[int]:
        """Integers of the rows, 0 where there is none."""
        own = self.known[name]
        return [own[row] or 0 for row in (self.rows if rows is None else rows)]

    def _validity(self, taken: Bytes) -> np.ndarray:
        """Which rows are not null: the first part of a side, and the sub-column."""
        content = taken.take(taken.varint()) if taken.content else b""
        is_valid = read_validity(content, len(self.rows))
        if self.tree["has_nulls"]:
            is_valid &= np.array(self._integers(f"{self.name}?"), np.int64) == 1
        return is_valid

    def _below(self, is_valid: np.ndarray) -> list[int]:
        return [row for row, one in zip(self.rows, is_valid, strict=True) if one]

    def _leaf(self, side: bytes) -> pa.Array:
        taken = Bytes(side)
        is_valid = self._validity(taken)
        rows = self._below(is_valid)
        if self.tree["kind"] in ("words", "shapes", "text"):
            strings = self._strings(side[taken.position :], rows)
            return spread(pa.array(strings, pa.large_binary()), is_valid)
        values = self._numbers(rows)
        if side:
            content = taken.take(taken.varint())
            if content:
                values = self._with_exceptions(values, content, side[taken.position :])
        return spread(values, is_valid)

    def _with_exceptions(self, values: pa.Array, positions: bytes, packed: bytes) -> pa.Array:
        places = read_positions(positions)
        exceptions = read_packed(packed, self.kind, len(places))
        order = np.arange(len(values))
        order[places] = len(values) + np.arange(len(places))
        return pa.concat_arrays([values, exceptions]).take(pa.array(order))

    def _numbers(self, rows: list[int]) -> pa.Array:
        if self.tree["kind"] == "wide":
            limbs = [self._integers(one, rows) for one in limbs_of(self.name, self.kind)]
            return wide_of(self.kind, limbs, len(rows))
        q = self._integers(self.name, rows)
        if self.tree["kind"] == "integer":
            return integers_of(self.tree, self.kind, q)
        if self.tree["kind"] == "clock":
            return clocks_of(self.kind, q)
        repairs = self._integers(f"{self.name}~", rows) if self.tree["has_repairs"] else None
        specials = self._integers(f"{self.name}!", rows) if self.tree["has_specials"] else None
        return floats_of(self.tree, self.kind, self.tables, q, repairs, specials)

    def _strings(self, content: bytes, rows: list[int]) -> list[bytes]:
        if self.tree["kind"] == "text":
            return read_texts(content, read_bytes(self.tables[0]) if self.tables[0] else b"")
        texts = read_texts(content)
        if self.tree["kind"] == "words":
            words = [*read_words(self.tables[0]), *texts]
            return [words[rank] for rank in self._integers(self.name, rows)]
        fields = {slot: self._integers(f"{self.name}/{slot}", rows) for slot in slots_of(self.tree)}
        return list(shaped(self.tree, self._integers(f"{self.name}/shape", rows), fields, texts))

    def _children(self, taken: Bytes, children: list[Mapped]) -> list[pa.Array]:
        arrays = []
        for child in children:
            tag = taken.varint() if taken.content else 0
            arrays.append(child.read(taken.take(tag // 2), is_whole=bool(tag % 2)))
        return arrays

    def _struct(self, side: bytes) -> pa.Array:
        taken = Bytes(side)
        is_valid = self._validity(taken)
        rows, tables, children = self._below(is_valid), list(self.tables), []
        for number, tree in enumerate(self.tree["children"]):
            field = self.kind.field(number)
            own, tables = tables[: tree["n_tables"]], tables[tree["n_tables"] :]
            name = f"{self.name}.{field.name}"
            children.append(Mapped(tree, name, field.type, own, self.known, rows))
        fields = [spread(one, is_valid) for one in self._children(taken, children)]
        buffers = [bitmap(is_valid)]
        return pa.Array.from_buffers(self.kind, len(is_valid), buffers, children=fields)

    def _list(self, side: bytes) -> pa.Array:
        taken = Bytes(side)
        is_valid = self._validity(taken)
        ends = np.cumsum([0, *self._integers(f"{self.name}#")])
        name, kind = f"{self.name}[]", self.kind.value_type
        rows = list(range(int(ends[-1])))
        child = Mapped(self.tree["item"], name, kind, self.tables, self.known, rows)
        items = self._children(taken, [child])
        buffers = [bitmap(is_valid), pa.py_buffer(ends.astype(np.int64).tobytes())]
        return pa.Array.from_buffers(self.kind, len(is_valid), buffers, children=items)

    def _vectors(self, side: bytes) -> pa.Array:
        taken, size = Bytes(side), self.kind.list_size
        is_valid = self._validity(taken)
        m = int(is_valid.sum())
        is_number = read_validity(taken.take(taken.varint()), m * size)
        dtype = np.dtype(FLOATS[self.kind.value_type.bit_width])
        if self.tree["by_place"] and is_number.all():
            places = [read_numbers(taken.take(taken.varint()), m, dtype) for _ in range(size)]
            numbers = np.array(places, dtype).reshape(size, m).T.reshape(-1)
        else:
            numbers = read_numbers(taken.take(taken.varint()), int(is_number.sum()), dtype)
        values = of_bytes(numbers.tobytes(), self.kind.value_type, len(numbers))
        items = spread(spread(values, is_number), np.repeat(is_valid, size))
        buffers = [bitmap(is_valid)]
        return pa.Array.from_buffers(self.kind, len(is_valid), buffers, children=[items])

    def _stored(self, side: bytes, is_whole: bool) -> pa.Array:
        inner_kind, tables, labels = storage_kind(self.kind), self.tables, b""
        is_ordered = pa.types.is_dictionary(self.kind) and self.kind.ordered
        if is_ordered:
            taken = Bytes(side)
            labels = taken.take(taken.varint()) or tables[0]
            side, tables = side[taken.position :], tables[1:]
        tree = self.tree["inner"]
        inner = Mapped(tree, self.name, inner_kind, tables, self.known, self.rows)
        stored = inner.read(side, is_whole=is_whole)
        if is_ordered:
            return _ordered(stored, self.kind, labels)
        return _converted(stored, self.kind)


def _ordered(stored: pa.Array, kind: pa.DataType, labels: bytes) -> pa.Array:
    taken = Bytes(labels)
    n = taken.varint()
    dictionary = read_packed(labels[taken.position :], kind.value_type, n)
    indices = pa.compute.index_in(stored, value_set=dictionary).cast(kind.index_type)
    return pa.DictionaryArray.from_arrays(indices, dictionary, ordered=True)


def _converted(stored: pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, stored)
    if pa.types.is_dictionary(kind):
        encoded = stored.dictionary_encode()
        indices = encoded.indices.cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, encoded.dictionary)
    if not pa.types.is_map(kind):
        return stored.cast(kind)
    is_valid = stored.is_valid().to_numpy(zero_copy_only=False)
    starts = np.frombuffer(stored.buffers()[1], np.int64, len(stored) + 1).astype(np.int32)
    buffers = [bitmap(is_valid), pa.py_buffer(starts.tobytes())]
    return pa.Array.from_buffers(kind, len(stored), buffers, children=[stored.values])
