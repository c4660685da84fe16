"""A peer made of a codec of streams: each column by itself, all of them in one small file.

The file is a list of coded streams behind their sizes. Types come from the schema, which all
formats store and which therefore counts for none of these.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol  # Any: each codec's own choice

import numpy as np
import pyarrow as pa

from benchmarks.tables.compare import one_array
from benchmarks.tables.formats.streams import Stream, from_streams, to_streams
from benchmarks.tables.peer import TablePeer


class StreamCodec(Protocol):
    """Codes one stream; `choice` is what it chose for this stream."""

    def choose(self, streams: Sequence[Stream]) -> Any:
        """Look at a stream of all tables before the first is packed."""

    def pack(self, stream: Stream, choice: Any) -> bytes:
        """Return at least one value as bytes."""

    def unpack(self, content: bytes, like: Stream) -> Stream:
        """Restore a stream: the inverse of `pack`; `like` is empty and of its type."""


def column_peer(name: str, codec: StreamCodec, package: str) -> TablePeer:
    """Return the peer that codes every column by itself."""

    def choose(parts: Sequence[pa.Table]) -> dict[str, list[Any]]:
        columns = dict.fromkeys(column for part in parts for column in part.column_names)
        return {one: [codec.choose(pieces) for pieces in _pieces(parts, one)] for one in columns}

    def write(table: pa.Table, path: Path, choice: dict[str, list[Any]]) -> None:
        columns = []
        for column in table.column_names:
            streams = to_streams(one_array(table[column]))
            pairs = zip(streams, choice[column], strict=True)
            columns.append([codec.pack(s, chosen) if len(s) else b"" for s, chosen in pairs])
        path.write_bytes(_join(table.num_rows, columns))

    def read(path: Path, schema: pa.Schema) -> pa.Table:
        n_rows, contents = _split(path.read_bytes())
        arrays = []
        for field in schema:
            empty = to_streams(pa.array([], field.type))
            pairs = zip(empty, islice(contents, len(empty)), strict=True)
            streams = iter([codec.unpack(c, like) if c else like for like, c in pairs])
            arrays.append(from_streams(field.type, n_rows, streams))
        return pa.Table.from_arrays(arrays, schema=schema)

    return TablePeer(name, write, read, choose, _column_bytes, package)


def _pieces(parts: Sequence[pa.Table], name: str) -> list[list[Stream]]:
    """Return each stream of a column, and of it the pieces in all tables."""
    per_part = [to_streams(one_array(p[name])) for p in parts if name in p.column_names]
    return [[piece for piece in pieces if len(piece)] for pieces in zip(*per_part, strict=True)]


def _join(n_rows: int, columns: Sequence[Sequence[bytes]]) -> bytes:
    sizes = [len(content) for contents in columns for content in contents]
    counts = [len(contents) for contents in columns]
    head = struct.pack(f"<QI{len(counts)}I", n_rows, len(counts), *counts)
    head += np.array(sizes, np.uint32).tobytes()
    return b"".join([head, *(content for contents in columns for content in contents)])


def _heads(content: bytes) -> tuple[int, list[list[int]], int]:
    """Return rows, the sizes of the streams of each column, and where the streams begin."""
    n_rows, n_columns = struct.unpack_from("<QI", content)
    counts = np.frombuffer(content, np.uint32, n_columns, 12)
    start = 12 + 4 * n_columns
    sizes = iter(np.frombuffer(content, np.uint32, int(counts.sum()), start).tolist())
    return n_rows, [list(islice(sizes, count)) for count in counts], start + 4 * int(counts.sum())


def _split(content: bytes) -> tuple[int, Iterator[bytes]]:
    n_rows, sizes, start = _heads(content)

    def contents() -> Iterator[bytes]:
        at = start
        for size in (size for column in sizes for size in column):
            yield content[at : at + size]
            at += size

    return n_rows, contents()


def _column_bytes(path: Path, schema: pa.Schema) -> dict[str, int]:
    """Return the bytes of the coded streams of each column."""
    _, sizes, _ = _heads(path.read_bytes())
    return dict(zip(schema.names, map(sum, sizes), strict=True))
