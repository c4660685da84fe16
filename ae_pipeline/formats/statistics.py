"""Bounds of all coded columns of a fragment as one short text for its footer, and back.

Parquet's own statistics see the blocks alone. With these a reader can tell, without decoding, which
row groups cannot hold what it looks for.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pyarrow as pa
from pyarrow import types

from ae_pipeline.coding import Promise
from ae_pipeline.coding.varint import Reader, prefixed, varint
from ae_pipeline.formats.column_bounds import (
    MOST_INTEGER,
    MOST_TEXT_BYTES,
    MOST_WORDS,
    ColumnBounds,
    bounds_of,
    is_integral,
    is_textual,
    without_words,
)

#: Bytes of a row group's bounds: a few, and a small part of its block.
_LEAST_BYTES, _BLOCK_PART = 64, 512
#: Bytes of all bounds of a fragment before compression; a reader refuses more.
_MOST_BYTES = 1 << 24
#: Kinds of bounds.
_NULLS, _INTEGERS, _FLOATS, _TEXTS, _WORDS = range(5)
#: Bytes of a float64, its highest, that a bound has.
_FLOAT_BYTES = 3

Statistics = dict[str, ColumnBounds]


class StatisticsWriter:
    """Collects the bounds of coded columns, row group by row group.

    Args:
        schema: of the fragment.
        promises: of the coded columns, by name.
    """

    def __init__(self, schema: pa.Schema, promises: Mapping[str, Promise]) -> None:
        self._numbers = {name: schema.get_field_index(name) for name in promises}
        self._promises = promises
        self._groups: list[bytes] = []

    def add(self, records: pa.RecordBatch, block_bytes: int) -> None:
        """Take the bounds of a row group, as many as few bytes hold, short ones first."""
        found = {
            number: bounds
            for name, number in sorted(self._numbers.items(), key=lambda item: item[1])
            if (bounds := bounds_of(records.column(name), self._promises[name])) is not None
        }
        self._groups.append(_pack_group(found, _LEAST_BYTES + block_bytes // _BLOCK_PART))

    def to_text(self) -> str:
        """Return the value of the footer's key; empty if nothing is known."""
        content = b"".join(self._groups)
        if not any(content) or len(content) > _MOST_BYTES:
            return ""
        stream = zlib.compressobj(9, wbits=-15)
        return base64.b64encode(stream.compress(content) + stream.flush()).decode("ascii")


def read_statistics(text: str, schema: pa.Schema, n_groups: int) -> list[Statistics]:
    """Return the bounds of each row group by column; columns without any are left out.

    Args:
        text: value of the footer's key; empty for none.
        schema: of the fragment.
        n_groups: row groups of the fragment.

    Raises:
        ValueError: the text is damaged.
    """
    if not text:
        return [{} for _ in range(n_groups)]
    reader = Reader(_inflated(text))
    found = [_read_group(reader, schema) for _ in range(n_groups)]
    if not reader.is_at_end:
        raise ValueError("bytes after the bounds of the last row group")
    return found


def _inflated(text: str) -> bytes:
    stream = zlib.decompressobj(wbits=-15)
    try:
        content = stream.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
    except zlib.error as error:
        raise ValueError("bounds are not a deflate stream") from error
    if not stream.eof or stream.unused_data:
        raise ValueError(f"bounds are not a deflate stream of at most {_MOST_BYTES} bytes")
    return content


def _pack_group(found: Mapping[int, ColumnBounds], budget: int) -> bytes:
    """Pack bounds first, then words in their place, within a number of bytes."""
    short = {number: without_words(bounds) for number, bounds in found.items()}
    packed = {number: _pack(bounds) for number, bounds in short.items() if bounds is not None}
    chosen: dict[int, bytes] = {}
    for number in sorted(packed, key=lambda number: len(packed[number])):
        budget -= len(packed[number]) + 1
        if budget < 0:
            break
        chosen[number] = packed[number]
    words = {number: _pack(one) for number, one in found.items() if one.values and number in chosen}
    for number in sorted(words, key=lambda number: len(words[number])):
        budget -= len(words[number]) - len(chosen[number])
        if budget < 0:
            break
        chosen[number] = words[number]
    content, before = [varint(len(chosen))], -1
    for number in sorted(chosen):
        content += [varint(number - before - 1), chosen[number]]
        before = number
    return b"".join(content)


def _pack(bounds: ColumnBounds) -> bytes:
    low, high = bounds.minimum, bounds.maximum
    if bounds.values:
        body = varint(len(bounds.values)) + prefixed(bounds.values)
        return _headed(_WORDS, bounds, body)
    if isinstance(low, int) and isinstance(high, int):
        return _headed(_INTEGERS, bounds, varint(_zigzag(low)) + varint(high - low))
    if isinstance(low, float) and isinstance(high, float):
        ends = (struct.pack(">d", end)[:_FLOAT_BYTES] for end in (low, high))
        return _headed(_FLOATS, bounds, b"".join(ends))
    if isinstance(low, bytes) and isinstance(high, bytes):
        return _headed(_TEXTS, bounds, prefixed([low, high]))
    return _headed(_NULLS, bounds, b"")


def _headed(kind: int, bounds: ColumnBounds, body: bytes) -> bytes:
    return varint(bounds.n_nulls << 3 | kind) + body


def _read_group(reader: Reader, schema: pa.Schema) -> Statistics:
    found: Statistics = {}
    number = -1
    for _ in range(reader.varint()):
        number += reader.varint() + 1
        if number >= len(schema):
            raise ValueError(f"bounds of column {number} of {len(schema)}")
        field = schema.field(number)
        n_nulls, kind = divmod(reader.varint(), 8)
        _check_kind(kind, field)
        found[field.name] = _read(reader, kind, n_nulls)
    return found


def _check_kind(kind: int, field: pa.Field) -> None:
    """Raise ValueError unless bounds of this kind suit the type of a column."""
    is_suited = (
        kind == _NULLS
        or (kind == _INTEGERS and is_integral(field.type))
        or (kind == _FLOATS and types.is_floating(field.type))
        or (kind in (_TEXTS, _WORDS) and is_textual(field.type))
    )
    if not is_suited:
        raise ValueError(f"bounds of kind {kind} of a column of {field.type}")


def _read(reader: Reader, kind: int, n_nulls: int) -> ColumnBounds:
    if kind == _NULLS:
        return ColumnBounds(n_nulls)
    if kind == _INTEGERS:
        low = _unzigzag(reader.varint())
        return _checked(ColumnBounds(n_nulls, low, low + reader.varint()))
    if kind == _FLOATS:
        ends = (reader.take(_FLOAT_BYTES).ljust(8, b"\0") for _ in range(2))
        return _checked(ColumnBounds(n_nulls, *(struct.unpack(">d", end)[0] for end in ends)))
    if kind == _TEXTS:
        first, last = _short(reader, 2)
        return _checked(ColumnBounds(n_nulls, first, last))
    n_words = reader.varint()
    if not 1 <= n_words <= MOST_WORDS:
        raise ValueError(f"a set of {n_words} words")
    words = _short(reader, n_words)
    if any(word >= following for word, following in pairwise(words)):
        raise ValueError("words do not ascend")
    return ColumnBounds(n_nulls, words[0], words[-1], tuple(words))


def _short(reader: Reader, n_texts: int) -> Sequence[bytes]:
    texts = reader.take_prefixed(n_texts)
    if max(map(len, texts)) > MOST_TEXT_BYTES:
        raise ValueError("a text that is not cut")
    return texts


def _checked(bounds: ColumnBounds) -> ColumnBounds:
    """Raise ValueError unless the lower bound is at most the upper one; NaN are not ordered."""
    low, high = bounds.minimum, bounds.maximum
    is_ordered = low <= high  # type: ignore[operator]  # both are of one kind
    if not is_ordered or (isinstance(high, int) and high >= MOST_INTEGER):
        raise ValueError("bounds are not in order")
    return bounds


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else ~(value << 1)


def _unzigzag(value: int) -> int:
    return ~(value >> 1) if value & 1 else value >> 1
