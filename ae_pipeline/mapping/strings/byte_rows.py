"""Strings without nulls as numpy arrays: all their bytes, and where each starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Int64, UInt8

#: The type in which mappings of strings see their values: any bytes, of any length.
BINARY = pa.large_binary()


@dataclass(frozen=True)
class ByteRows:
    """Strings one after the other.

    Args:
        content: bytes of all strings.
        starts: place of the first byte of each string, ascending from 0, and the end of the last.
    """

    content: UInt8[np.ndarray, "bytes"]
    starts: Int64[np.ndarray, "starts"]

    @property
    def lengths(self) -> Int64[np.ndarray, "rows"]:
        """Bytes of each string."""
        return np.diff(self.starts)


def to_byte_rows(array: pa.Array) -> ByteRows:
    """View a `BINARY` array without nulls."""
    _, starts_buffer, content_buffer = array.buffers()
    if not len(array) or starts_buffer is None:
        return ByteRows(np.zeros(0, np.uint8), np.zeros(len(array) + 1, np.int64))
    starts = np.frombuffer(starts_buffer, np.int64, len(array) + 1, array.offset * 8)
    if content_buffer is None or starts[-1] == starts[0]:
        return ByteRows(np.zeros(0, np.uint8), starts - starts[0])
    content = np.frombuffer(content_buffer, np.uint8, int(starts[-1] - starts[0]), int(starts[0]))
    return ByteRows(content, starts - starts[0])


def from_byte_rows(rows: ByteRows) -> pa.Array:
    """Invert `to_byte_rows`."""
    buffers = [None, pa.py_buffer(rows.starts), pa.py_buffer(rows.content)]
    return pa.Array.from_buffers(BINARY, len(rows.starts) - 1, buffers, null_count=0)


def starts_of(lengths: Int64[np.ndarray, "rows"], most_bytes: int) -> Int64[np.ndarray, "starts"]:
    """Sum lengths up.

    Raises:
        ValueError: one is negative, or they exceed `most_bytes` together.
    """
    if len(lengths) and (lengths.min() < 0 or lengths.max() > most_bytes):
        raise ValueError("lengths of strings are damaged")
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    if starts[-1] > most_bytes or starts.min() < 0:
        raise ValueError(f"strings of more than {most_bytes} bytes")
    return starts
