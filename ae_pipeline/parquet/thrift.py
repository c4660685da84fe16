"""Thrift's compact protocol, as far as Parquet needs it: some fields of a struct, or all of it.

Not a general reader: it knows no 128-bit kinds. Source: the specification of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias  # Any: what a field was asked to be

from ae_pipeline.coding import varint

#: Kinds of Thrift's compact protocol; 1 and 2 are true and false.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_FIXED = {BYTE: 1, DOUBLE: 8}
#: A list of as many items or more states its length in a varint of its own.
_SHORT = 15
#: Nothing in a footer is nested deeper; forged bytes must not recurse for ever.
_MOST_DEPTH = 64


@dataclass(frozen=True)
class Items:
    """The items of a list or set, and their kind."""

    kind: int
    values: tuple[Value, ...]


#: (number, kind, value) of each field, in order.
Struct: TypeAlias = "tuple[tuple[int, int, Value], ...]"
#: A boolean is its kind and has no value; fixed kinds and binary are bytes.
Value: TypeAlias = "int | bytes | Items | Struct | None"


class Take(Enum):
    """How `Thrift.select` reads a field; a field of another kind is damage."""

    INTEGER = "an integer"
    TEXTS = "a list of texts"
    WHOLE = "a tree, as `Thrift.value` gives it"


@dataclass(frozen=True)
class Each:
    """Fields to take of each struct in a list."""

    fields: Wanted


#: Fields to take of a struct, by number; a mapping for those of a struct inside.
Wanted: TypeAlias = "Mapping[int, Take | Each | Wanted]"
#: The fields that are there: integers, lists of texts, trees, and mappings or lists of them.
Selected: TypeAlias = dict[int, Any]


class Thrift:
    """Values in Thrift's compact protocol, taken one after the other.

    Damaged bytes raise `ValueError`, `IndexError` or `RecursionError`.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    @property
    def position(self) -> int:
        """Bytes taken so far."""
        return self._position

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield (number, kind) of each field of a struct; each must be taken before the next."""
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            yield number, head & 15

    def select(self, wanted: Wanted) -> Selected:
        """Take a struct and return some of its fields, by number; fields that it lacks are absent.

        Nothing is kept of the others, so that a large footer takes little memory.
        """
        selected: Selected = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            if number in wanted:
                selected[number] = self._selected(head & 15, wanted[number])
            else:
                self.skip(head & 15)
        return selected

    def unsigned(self) -> int:
        """Take an unsigned integer, as lengths are."""
        return self._varint()

    def skip(self, kind: int) -> None:
        """Pass over a field of a struct."""
        # Most of a footer is skipped, byte by byte.
        if kind in (I16, I32, I64):
            self._varint()
        elif kind == BINARY:
            self._advance(self._varint())
        elif kind == STRUCT:
            while head := self._byte():
                if head >> 4 == 0:
                    self._varint()
                self.skip(head & 15)
        elif kind in (LIST, SET):
            self._skip_items(*self._list())
        elif kind in _FIXED:
            self._advance(_FIXED[kind])
        elif kind not in (TRUE, FALSE):
            raise ValueError(f"a field of kind {kind}")

    def value(self, kind: int, depth: int = 0) -> Value:
        """Take a field of a struct as a tree; `write_value` is the inverse."""
        if depth > _MOST_DEPTH:
            raise ValueError(f"nested deeper than {_MOST_DEPTH}")
        if kind in (I16, I32, I64):
            return self._integer()
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

    def _selected(self, kind: int, wanted: Take | Each | Wanted) -> Any:
        if wanted is Take.WHOLE:
            return self.value(kind)
        if wanted is Take.INTEGER and kind in (I16, I32, I64):
            return self._integer()
        if wanted is Take.TEXTS and kind == LIST:
            return self._texts()
        if isinstance(wanted, Each) and kind == LIST:
            return self._structs(wanted.fields)
        if isinstance(wanted, Take | Each) or kind != STRUCT:
            raise ValueError(f"a field of kind {kind}")
        return self.select(wanted)

    def _structs(self, wanted: Wanted) -> list[Selected]:
        size, inner = self._list()
        if inner != STRUCT:
            raise ValueError(f"a list of kind {inner}")
        return [self.select(wanted) for _ in range(size)]

    def _texts(self) -> list[str]:
        size, _ = self._list()
        return [self._take(self._varint()).decode() for _ in range(size)]

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip_items(self, size: int, kind: int) -> None:
        """Pass over items; booleans take a byte in a list and none in a struct."""
        for _ in range(size):
            self.skip(BYTE if kind in (TRUE, FALSE) else kind)

    def _list(self) -> tuple[int, int]:
        head = self._byte()
        return (self._varint() if head >> 4 == _SHORT else head >> 4), head & 15

    def _varint(self) -> int:
        content, position = self._content, self._position
        value = shift = 0
        while (byte := content[position]) > 127:
            value |= (byte & 127) << shift
            shift += 7
            position += 1
        self._position = position + 1
        return value | byte << shift

    def _byte(self) -> int:
        self._position += 1
        return self._content[self._position - 1]

    def _take(self, size: int) -> bytes:
        self._advance(size)
        return self._content[self._position - size : self._position]

    def _advance(self, size: int) -> None:
        self._position += size
        if self._position > len(self._content):
            raise ValueError("it ends too early")


def write_value(kind: int, value: Value) -> bytes:
    """Return the bytes that `Thrift.value` takes this value from."""
    if isinstance(value, bytes):
        return value if kind in _FIXED else varint(len(value)) + value
    if isinstance(value, int):
        return _zigzag(value)
    if isinstance(value, Items):
        return _list_head(value) + b"".join(_write_item(value.kind, one) for one in value.values)
    return b"" if value is None else _write_struct(value)


def field_head(number: int, kind: int, before: int) -> bytes:
    """Return the bytes before a field, which follows the field of number `before`, or 0."""
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
