"""Bytes of the columns of a Parquet file, from its footer alone.

Not through Arrow's `ColumnChunkMetaData`: what making one of a damaged footer throws, no `except`
catches, and the process ends. Sources: Thrift's compact protocol, parquet.thrift.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

#: After the footer come its length and the magic.
_TAIL_BYTES = 8
#: Kinds of Thrift's compact protocol; 1 and 2 are true and false.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_FIXED = {_BYTE: 1, _DOUBLE: 8}
#: Fields of parquet.thrift: of the file, a row group, a column chunk and its metadata.
_ROW_GROUPS, _COLUMNS, _META_DATA, _PATH, _COMPRESSED_BYTES = 4, 1, 3, 3, 7


def leaf_bytes(path: Path) -> dict[str, int]:
    """Compressed bytes of every leaf column of a file, page headers included, by its path.

    Raises:
        pa.ArrowInvalid: the footer is damaged; `reading_errors` names the file.
    """
    with path.open("rb") as file:
        return read_leaves(file)


def read_leaves(file: BinaryIO) -> dict[str, int]:
    """As `leaf_bytes`, of a file that is open."""
    try:
        return _sum_leaves(_Thrift(_read_footer(file)))
    except (ValueError, IndexError, RecursionError) as error:
        raise pa.ArrowInvalid(f"sizes of its columns cannot be read: {error}") from error


def column_bytes(leaves: Mapping[str, int], name: str) -> int:
    """Compressed bytes of one top-level column, or vector, by those of all leaves."""
    return leaves.get(name, 0) + leaves.get(f"{name}.list.element", 0)


def _read_footer(file: BinaryIO) -> bytes:
    end = file.seek(0, os.SEEK_END) - _TAIL_BYTES
    file.seek(max(end, 0))
    size = int.from_bytes(file.read(_TAIL_BYTES)[:4], "little")
    if not 0 < size <= end:
        raise ValueError(f"no footer of {size} bytes")
    file.seek(end - size)
    return file.read(size)


def _sum_leaves(thrift: _Thrift) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for number, kind in thrift.fields():
        if number != _ROW_GROUPS:
            thrift.skip(kind)
            continue
        for _ in thrift.structs():
            _add_row_group(thrift, sizes)
    return dict(sizes)


def _add_row_group(thrift: _Thrift, sizes: Counter[str]) -> None:
    for number, kind in thrift.fields():
        if number != _COLUMNS:
            thrift.skip(kind)
            continue
        for _ in thrift.structs():
            for part, part_kind in thrift.fields():
                if part == _META_DATA:
                    _add_chunk(thrift, sizes)
                else:
                    thrift.skip(part_kind)


def _add_chunk(thrift: _Thrift, sizes: Counter[str]) -> None:
    path, size = "", 0
    for number, kind in thrift.fields():
        if number == _PATH:
            path = ".".join(thrift.texts())
        elif number == _COMPRESSED_BYTES:
            size = thrift.integer()
        else:
            thrift.skip(kind)
    if size < 0:
        raise ValueError(f"column {path} of {size} bytes")
    sizes[path] += size


class _Thrift:
    """What Thrift's compact protocol holds, taken one after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """(number, kind) of each field of a struct; each must be taken before the next."""
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            yield number, head & 15

    def structs(self) -> Iterator[None]:
        """The items of a list, each of which must be taken before the next."""
        size, kind = self._list()
        if kind != _STRUCT:
            raise ValueError(f"a list of kind {kind}")
        yield from (None for _ in range(size))

    def texts(self) -> list[str]:
        """A list of texts."""
        size, _ = self._list()
        return [self._take(self._varint()).decode() for _ in range(size)]

    def integer(self) -> int:
        """A signed integer."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def skip(self, kind: int) -> None:
        """Pass over a field of a struct."""
        if kind in (_I16, _I32, _I64):
            self._varint()
        elif kind == _BINARY:
            self._take(self._varint())
        elif kind == _STRUCT:
            for _, inner in self.fields():
                self.skip(inner)
        elif kind in (_LIST, _SET):
            self._skip_items(*self._list())
        elif kind in _FIXED:
            self._take(_FIXED[kind])
        elif kind not in (_TRUE, _FALSE):
            raise ValueError(f"a field of kind {kind}")

    def _skip_items(self, size: int, kind: int) -> None:
        """Pass over items; truths take a byte in a list and none in a struct."""
        for _ in range(size):
            self.skip(_BYTE if kind in (_TRUE, _FALSE) else kind)

    def _list(self) -> tuple[int, int]:
        head = self._byte()
        return (self._varint() if head >> 4 == 15 else head >> 4), head & 15

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
