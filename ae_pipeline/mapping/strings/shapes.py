"""Strings by their shape: which of a few it is, and the integers of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa

from ae_pipeline.mapping.checked import boolean_of
from ae_pipeline.mapping.strings.byte_rows import (
    BINARY,
    ByteRows,
    from_byte_rows,
    starts_of,
    to_byte_rows,
)
from ae_pipeline.mapping.strings.days import SECONDS_PER_DAY
from ae_pipeline.mapping.strings.patterns import (
    ALPHABETS,
    MOST_SHAPE_BYTES,
    Content,
    Field,
    Shape,
    fields,
    lengths_of,
    match,
    padded,
    render,
    widths,
)
from ae_pipeline.mapping.strings.spelled import Spelled
from ae_pipeline.mapping.strings.texts import MOST_BYTES
from ae_pipeline.mapping.subcolumn import Integers, SubColumn

MOST_SHAPES = 64
_MOST_SLOTS = 1 << 12
#: Rows that are matched at once; their columns of characters stay in the processor's cache.
_CHUNK_ROWS = 1 << 14
_WIDTHS = {"date": 10, "clock": 8, "moment": 19, "moment ": 19}
_MOST_VALUES = 1 << 62


@dataclass(frozen=True)
class Shapes(Spelled):
    """A string is the number of its shape and the integers of its fields.

    Strings of no shape have the number after the last; the texts are these strings.

    Args:
        shapes: tried in order.
    """

    shapes: tuple[Shape, ...]
    kind: ClassVar[str] = "shapes"

    @property
    def own(self) -> tuple[SubColumn, ...]:
        """The shape, then fields; equal slots of several shapes are one sub-column."""
        shape = SubColumn(self._name("shape"), self.column, role="category", family="rank")
        slots: dict[int, tuple[Field, list[int]]] = {}
        for number, one in enumerate(self.shapes):
            for field in fields(one):
                slots.setdefault(field.slot, (field, []))[1].append(number)
        return shape, *(self._field(*slots[slot]) for slot in sorted(slots))

    def _field(self, field: Field, allowed: list[int]) -> SubColumn:
        meaning: dict[str, Any] = {"family": "bits"}
        if field.kind == "digits":
            meaning = {"family": "number"}
        elif field.kind == "clock":
            meaning = {"family": "clock", "ticks": 1, "period": SECONDS_PER_DAY}
        elif field.kind not in ALPHABETS:
            step = SECONDS_PER_DAY if field.kind == "date" else 1
            meaning = {"family": "time", "ticks": 1, "step": step}
        return SubColumn(
            self._name(field.slot),
            self.column,
            role="number",
            parent=self._name("shape"),
            allowed=tuple(allowed),
            **meaning,
        )

    def _name(self, part: str | int) -> str:
        return f"{self.column}/{part}"

    def divide(self, present: pa.Array) -> tuple[dict[str, Integers], pa.Array]:
        """Return shapes and fields, and the strings of no shape."""
        rows = to_byte_rows(present)
        content = padded(rows)
        integers = {one.name: np.zeros(len(present), np.int64) for one in self.own}
        for start in range(0, len(present), _CHUNK_ROWS):
            self._match_chunk(rows, content, slice(start, start + _CHUNK_ROWS), integers)
        is_other = integers[self._name("shape")] == len(self.shapes)
        return integers, present.filter(pa.array(is_other))

    def _match_chunk(
        self, rows: ByteRows, content: Content, chunk: slice, integers: dict[str, Integers]
    ) -> None:
        begins, ends = rows.starts[:-1][chunk], rows.starts[1:][chunk]
        numbers = integers[self._name("shape")][chunk]
        numbers[:] = len(self.shapes)
        for number, shape in enumerate(self.shapes):
            least, most = widths(shape)
            lengths = ends - begins
            left = np.flatnonzero(
                (numbers == len(self.shapes)) & (lengths >= least) & (lengths <= most)
            )
            if not len(left):
                continue
            is_match, values = match(shape, content, begins[left], ends[left])
            found = left[is_match]
            numbers[found] = number
            for field, value in zip(fields(shape), values, strict=True):
                integers[self._name(field.slot)][chunk][found] = value[is_match]

    def unite(self, integers: Dictionary[str, Integers], texts: pa.Array, n_rows: int) -> pa.Array:
        """Invert `divide`; ValueError for integers that no string has."""
        numbers = integers[self._name("shape")]
        if n_rows and not 0 <= numbers.min() <= numbers.max() <= len(self.shapes):
            raise ValueError("number of no shape")
        others = np.flatnonzero(numbers == len(self.shapes))
        if len(others) != len(texts) or len(numbers) != n_rows:
            raise ValueError(f"{len(texts)} texts for {len(others)} strings of no shape")
        parts = list(self._parts(integers, numbers))
        spelled = to_byte_rows(texts)
        lengths = np.zeros(n_rows, np.int64)
        lengths[others] = spelled.lengths
        for rows, shape, values in parts:
            lengths[rows] = lengths_of(shape, values, len(rows))
        starts = starts_of(lengths, MOST_BYTES)
        content = np.empty(starts[-1], np.uint8)
        for rows, shape, values in parts:
            for start in range(0, len(rows), _CHUNK_ROWS):
                chunk = slice(start, start + _CHUNK_ROWS)
                render(shape, [value[chunk] for value in values], content, starts[rows[chunk]])
        _put(content, starts[others], spelled)
        return from_byte_rows(ByteRows(content, starts))

    def _parts(
        self, integers: Dictionary[str, Integers], numbers: Integers
    ) -> Iterator[tuple[Integers, Shape, list[Integers]]]:
        """Yield the rows of each shape, the shape, and the integers of its fields."""
        for number, shape in enumerate(self.shapes):
            rows = np.flatnonzero(numbers == number)
            if len(rows):
                columns = (integers[self._name(field.slot)] for field in fields(shape))
                yield rows, shape, [column[rows] for column in columns]

    def to_json(self) -> dict[str, Any]:
        """Write the settings: fixed bytes as Latin-1 text, fields as kind, width and slot."""
        shapes = [
            [
                part.decode("latin-1")
                if isinstance(part, bytes)
                else [part.kind, part.width, part.slot]
                for part in shape
            ]
            for shape in self.shapes
        ]
        return {"has_nulls": self.has_nulls, "shapes": shapes}


def _put(content: Content, begins: Integers, spelled: ByteRows) -> None:
    """Copy strings to their places."""
    shift = np.repeat(begins - spelled.starts[:-1], spelled.lengths)
    content[np.arange(len(spelled.content)) + shift] = spelled.content


def shapes_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Shapes:
    """Read `Shapes`; ValueError, KeyError or TypeError if damaged."""
    if kind != BINARY or type(tree["shapes"]) is not list:
        raise ValueError(f"no shapes of type {kind}")
    shapes = tuple(tuple(map(_read_part, shape)) for shape in tree["shapes"])
    if len(shapes) > MOST_SHAPES:
        raise ValueError(f"{len(shapes)} shapes")
    kinds = {field.slot: field.kind for shape in shapes for field in fields(shape)}
    for shape in shapes:
        slots = [field.slot for field in fields(shape)]
        if len(set(slots)) < len(slots) or any(kinds[f.slot] != f.kind for f in fields(shape)):
            raise ValueError("fields of a shape share a slot")
        if widths(shape)[1] > MOST_SHAPE_BYTES:
            raise ValueError(f"shape of more than {MOST_SHAPE_BYTES} bytes")
    return Shapes(column, kind, boolean_of(tree, "has_nulls"), shapes)


def _read_part(part: Any) -> bytes | Field:  # a JSON tree
    if type(part) is str:
        return part.encode("latin-1")
    if type(part) is not list or list(map(type, part)) != [str, int, int]:
        raise TypeError(f"neither text nor a field: {part!r}")
    kind, width, slot = part
    least = 0 if kind == "digits" else 1
    is_known = (
        least <= width <= most_width(kind) if kind in ALPHABETS else _WIDTHS.get(kind) == width
    )
    if not is_known or not 0 <= slot < _MOST_SLOTS:
        raise ValueError(f"unknown field: {part!r}")
    return Field(kind, width, slot)


def most_width(kind: str) -> int:
    """Return the characters of an alphabet that an integer of 62 bits holds."""
    width, n_letters = 0, len(ALPHABETS[kind])
    while n_letters ** (width + 1) <= _MOST_VALUES:
        width += 1
    return width
