"""Thrift's compact protocol, as far as Parquet's footer needs it: taken in turn, or as a tree.

Sources: Thrift's compact protocol. Not a general reader: it knows no 128-bit kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ae_pipeline.coding import varint

#: Kinds of Thrift's compact protocol; 1 and 2 are true and false.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_FIXED = {BYTE: 1, DOUBLE: 8}
#: A list of more items says so in a varint of its own; so does a field whose number jumps.
_SHORT = 15
#: Nothing in a footer is nested deeper; a reader of forged bytes must not recurse for ever.
_MOST_DEPTH = 64


@dataclass(frozen=True)
class Items:
    """A list or set: the kind of its items, and they."""

    kind: int
    values: tuple[Value, ...]


#: (number, kind, value) of each field, in order.
Struct: TypeAlias = "tuple[tuple[int, int, Value], ...]"
#: Truths are in their kind and have no value; fixed kinds and binary are bytes.
Value: TypeAlias = "int | bytes | Items | Struct | None"


class Thrift:
    """What Thrift's compact protocol holds, taken one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    @property
    def position(self) -> int:
        """Bytes taken so far."""
        return self._position

    def fields(self) -> Iterator[tuple[int, int]]:
        """(number, kind) of each field of a struct; each must be taken before the next."""
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            yield number, head & 15

    def only(self, wanted: int) -> Iterator[None]:
        """Stand before each field of one number, which must be taken, and skip all others."""
        for number, kind in self.fields():
            if number == wanted:
                yield
            else:
                self.skip(kind)

    def structs(self) -> Iterator[None]:
        """The items of a list, each of which must be taken before the next."""
        size, kind = self._list()
        if kind != STRUCT:
            raise ValueError(f"a list of kind {kind}")
        yield from (None for _ in range(size))

    def texts(self) -> list[str]:
        """A list of texts."""
        size, _ = self._list()
        return [self._take(self._varint()).decode() for _ in range(size)]

    def unsigned(self) -> int:
        """An unsigned integer, as lengths are."""
        return self._varint()

    def integer(self) -> int:
        """A signed integer."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def skip(self, kind: int) -> None:
        """Pass over a field of a struct."""
        if kind in (I16, I32, I64):
            self._varint()
        elif kind == BINARY:
            self._take(self._varint())
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner)
        elif kind in (LIST, SET):
            self._skip_items(*self._list())
        elif kind in _FIXED:
            self._take(_FIXED[kind])
        elif kind not in (TRUE, FALSE):
            raise ValueError(f"a field of kind {kind}")

    def value(self, kind: int, depth: int = 0) -> Value:
        """Take a field of a struct as a tree; `write_value` is the inverse."""
        if depth > _MOST_DEPTH:
            raise ValueError(f"nested deeper than {_MOST_DEPTH}")
        if kind in (I16, I32, I64):
            return self.integer()
        if kind == BINARY:
            return self._take(self._varint())
        if kind == STRUCT:
            return tuple(
                (number, inner, self.value(inner, depth + 1)) for number, inner in self.fields()
            )
        if kind in (LIST, SET):
            size, inner = self._list()
            item = BYTE if inner in (TRUE, FALSE) else inner
            return Items(inner, tuple(self.value(item, depth + 1) for _ in range(size)))
        if kind in _FIXED:
            return self._take(_FIXED[kind])
        if kind not in (TRUE, FALSE):
            raise ValueError(f"a field of kind {kind}")
        return None

    def _skip_items(self, size: int, kind: int) -> None:
        """Pass over items; truths take a byte in a list and none in a struct."""
        for _ in range(size):
            self.skip(BYTE if kind in (TRUE, FALSE) else kind)

    def _list(self) -> tuple[int, int]:
        head = self._byte()
        return (self._varint() if head >> 4 == _SHORT else head >> 4), head & 15

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) > 127:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _byte(self) -> int:
        self._position += 1
        return self._content[self._position - 1]

    def _take(self, size: int) -> bytes:
        self._position += size
        if self._position > len(self._content):
            raise ValueError("it ends too early")
        return self._content[self._position - size : self._position]


def write_value(kind: int, value: Value) -> bytes:
    """Bytes of what `Thrift.value` takes."""
    if isinstance(value, bytes):
        return value if kind in _FIXED else varint(len(value)) + value
    if isinstance(value, int):
        return _zigzag(value)
    if isinstance(value, Items):
        return _list_head(value) + b"".join(_write_item(value.kind, one) for one in value.values)
    return b"" if value is None else _write_struct(value)


def field_head(number: int, kind: int, before: int) -> bytes:
    """What stands before a field, after the field of number `before` or 0."""
    step = number - before
    return bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + _zigzag(number)


def _write_item(kind: int, value: Value) -> bytes:
    return write_value(BYTE if kind in (TRUE, FALSE) else kind, value)


def _write_struct(fields: Struct) -> bytes:
    parts, before = [], 0
    for number, kind, value in fields:
        parts += [field_head(number, kind, before), write_value(kind, value)]
        before = number
    return b"".join([*parts, b"\0"])


def _list_head(items: Items) -> bytes:
    size = len(items.values)
    if size < _SHORT:
        return bytes([size << 4 | items.kind])
    return bytes([_SHORT << 4 | items.kind]) + varint(size)


def _zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)
