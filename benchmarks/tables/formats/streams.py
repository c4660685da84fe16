"""Arrow columns as streams of numbers and of texts, for peers that know nothing else.

A stream has no nulls: validity is a stream of bits, and lists are lengths and the values of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any  # Arrow's own types

import numpy as np
import pyarrow as pa

#: Numbers as a numpy array, or texts as Arrow's large binaries.
Stream = Any
_WORD = 8


def to_streams(array: pa.Array) -> list[Stream]:
    """Take an array apart.

    Raises:
        TypeError: it has a type that streams cannot stand for.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        return to_streams(array.dictionary_decode())
    validity = _to_bits(array) if array.null_count else np.zeros(0, np.uint8)
    values = array.take(pa.array(np.flatnonzero(np.asarray(array.is_valid()))))
    return [validity, *_value_streams(values)]


def from_streams(kind: pa.DataType, n_rows: int, streams: Iterator[Stream]) -> pa.Array:
    """Put an array together: the inverse of `to_streams`."""
    if pa.types.is_dictionary(kind):
        return from_streams(kind.value_type, n_rows, streams).dictionary_encode().cast(kind)
    bits = next(streams)
    if not len(bits):
        return _from_value_streams(kind, n_rows, streams)
    is_valid = np.unpackbits(bits, count=n_rows).astype(bool)
    values = _from_value_streams(kind, int(is_valid.sum()), streams)
    return values.take(pa.array(np.cumsum(is_valid) - 1, mask=~is_valid))


def _value_streams(array: pa.Array) -> list[Stream]:
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = np.diff(array.offsets.to_numpy()).astype(np.int64)
        return [lengths, *to_streams(array.flatten())]
    if pa.types.is_fixed_size_list(kind):
        return to_streams(array.flatten())
    if pa.types.is_struct(kind):
        return [stream for child in array.flatten() for stream in to_streams(child)]
    if _is_text(kind):
        return [array.cast(pa.large_binary())]
    if pa.types.is_boolean(kind):
        return [np.asarray(array).astype(np.uint8)]
    words = _words(kind)
    numbers: np.ndarray = np.frombuffer(array.buffers()[1], f"i{kind.bit_width // 8 // words}")
    numbers = numbers[array.offset * words : (array.offset + len(array)) * words]
    if pa.types.is_floating(kind):
        numbers = numbers.view(f"f{kind.bit_width // 8}")
    if pa.types.is_unsigned_integer(kind):
        numbers = numbers.view(f"u{kind.bit_width // 8}")
    return [np.ascontiguousarray(numbers[start::words]) for start in range(words)]


def _from_value_streams(kind: pa.DataType, n_rows: int, streams: Iterator[Stream]) -> pa.Array:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = next(streams)
        values = from_streams(kind.value_type, int(lengths.sum()), streams)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        is_large = pa.types.is_large_list(kind)
        make = pa.LargeListArray if is_large else pa.ListArray
        return make.from_arrays(pa.array(offsets, pa.int64() if is_large else pa.int32()), values)
    if pa.types.is_fixed_size_list(kind):
        values = from_streams(kind.value_type, n_rows * kind.list_size, streams)
        return pa.FixedSizeListArray.from_arrays(values, kind.list_size)
    if pa.types.is_struct(kind):
        fields = list(kind)
        children = [from_streams(field.type, n_rows, streams) for field in fields]
        return pa.StructArray.from_arrays(children, fields=fields)
    if _is_text(kind):
        return next(streams).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array(next(streams).astype(bool))
    words = [next(streams) for _ in range(_words(kind))]
    numbers = np.ascontiguousarray(np.stack(words, axis=1))
    return pa.Array.from_buffers(kind, n_rows, [None, pa.py_buffer(numbers.tobytes())])


def text_parts(array: pa.Array) -> tuple[np.ndarray, bytes]:
    """Return the lengths of all texts, and the texts one after the other."""
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset :][: len(array) + 1]
    content = array.buffers()[2]
    joined = b"" if content is None else content[offsets[0] : offsets[-1]].to_pybytes()
    return np.diff(offsets), joined


def from_text_parts(lengths: np.ndarray, joined: bytes) -> pa.Array:
    """Return texts: the inverse of `text_parts`."""
    offsets = np.concatenate([[0], np.cumsum(lengths.astype(np.int64))])
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(joined)]
    return pa.Array.from_buffers(pa.large_binary(), len(lengths), buffers)


def _to_bits(array: pa.Array) -> np.ndarray:
    return np.packbits(np.asarray(array.is_valid()))


_TEXTS: tuple[Callable[[Any], bool], ...] = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_binary,
    pa.types.is_large_binary,
)


def _is_text(kind: pa.DataType) -> bool:
    return any(is_text(kind) for is_text in _TEXTS)


def _words(kind: pa.DataType) -> int:
    """Return the numbers that a value is stored as: several for wide decimals."""
    if pa.types.is_decimal(kind):
        return max(kind.bit_width // 8 // _WORD, 1)
    if not (pa.types.is_primitive(kind) and kind.bit_width in (8, 16, 32, 64)):
        raise TypeError(f"no stream stands for {kind}")
    return 1
