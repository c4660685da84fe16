"""Streams of numbers, classes, nulls and positions."""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
from pcodec import standalone, wrapped


class Bytes:
    """Bytes taken one after the other."""

    def __init__(self, content: bytes, position: int = 0) -> None:
        self.content, self.position = content, position

    def take(self, size: int) -> bytes:
        """The next bytes."""
        self.position += size
        return self.content[self.position - size : self.position]

    def varint(self) -> int:
        """The next number."""
        value = shift = 0
        while (got := self.take(1)[0]) >= 128:
            value |= (got & 127) << shift
            shift += 7
        return value | got << shift


def read_integers(content: bytes, n: int) -> np.ndarray:
    """Integers of a stream."""
    if n == 0:
        return np.zeros(0, np.int64)
    if content[0] == 0:
        return np.full(n, int.from_bytes(content[1:], "little", signed=True))
    return _pcodec(content, n, {1: "<i2", 2: "<i4", 3: "<i8"}[content[0] & 7]).astype(np.int64)


def read_classes(content: bytes, hint: np.ndarray) -> np.ndarray:
    """Integers of a stream that is in classes of a prediction."""
    taken = Bytes(content)
    n_thresholds, first = taken.varint(), taken.varint()
    thresholds = [-(first + 1) // 2 if first % 2 else first // 2]
    for _ in range(n_thresholds - 1):
        thresholds.append(thresholds[-1] + taken.varint())
    sizes = [taken.varint() for _ in range(n_thresholds + 1)]
    classes = (hint[:, None] > np.array(thresholds)).sum(axis=1)
    values = np.zeros(len(hint), np.int64)
    for number, size in enumerate(sizes):
        values[classes == number] = read_integers(taken.take(size), int((classes == number).sum()))
    return values


def read_numbers(content: bytes, n: int, dtype: np.dtype) -> np.ndarray:
    """Numbers of one type, every bit of them."""
    if n == 0:
        return np.zeros(0, dtype)
    if content[0] == 0:
        return np.repeat(np.frombuffer(content[1:], dtype), n)
    return _pcodec(content, n, np.dtype(dtype))


def _pcodec(content: bytes, n: int, dtype: str | np.dtype) -> np.ndarray:
    tag, content, values = content[0], content[1:], np.empty(n, dtype)
    if not tag & 8:
        standalone.simple_decompress_into(content, values)
        return values
    file, size = wrapped.FileDecompressor.new(content)
    kind = f"{values.dtype.kind}{8 * values.dtype.itemsize}"
    chunk, more = file.chunk_decompressor(content[size:], kind)
    chunk.read_page_into(content[size + more :], n, values)
    return values


def read_validity(content: bytes, n_rows: int) -> np.ndarray:
    """Whether each row has a value."""
    is_valid = np.ones(n_rows, bool)
    if content and content[0] == 1:
        is_valid[read_positions(content[1:])] = False
    elif content:
        bits = pa.CompressedInputStream(pa.py_buffer(content[1:]), "zstd").read()
        is_valid = np.unpackbits(np.frombuffer(bits, np.uint8), count=n_rows).astype(bool)
    return is_valid


def read_positions(content: bytes) -> np.ndarray:
    """Places among the values of a column."""
    (count,) = struct.unpack("<I", content[:4])
    return np.cumsum(read_integers(content[4:], count)) - 1
