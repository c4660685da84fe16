"""Arrow arrays of fixed width as the integers in their buffers, without a copy, and back."""

from __future__ import annotations

from typing import Any  # widths are known at run time only

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64, Shaped

_WORD = 8


def raw_kind(kind: pa.DataType) -> np.dtype[Any]:
    """Return the signed integer as wide as values of a type; ValueError if there is none."""
    width = kind.bit_width // 8
    if kind.bit_width % 8 or width not in {1, 2, 4, 8}:
        raise ValueError(f"{kind} is no machine integer wide")
    return np.dtype(f"<i{width}")


def to_raw(array: pa.Array) -> Shaped[np.ndarray, "rows"]:
    """View values of 1, 2, 4 or 8 bytes as signed integers; nulls hold anything."""
    kind = raw_kind(array.type)
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(len(array), kind)
    return np.frombuffer(buffer, kind, len(array), array.offset * kind.itemsize)


def from_raw(integers: Shaped[np.ndarray, "rows"], kind: pa.DataType) -> pa.Array:
    """Invert `to_raw` for an array without nulls; integers must fit the width of the type."""
    raw = np.ascontiguousarray(integers, raw_kind(kind))
    return pa.Array.from_buffers(kind, len(raw), [None, pa.py_buffer(raw)], null_count=0)


def to_words(array: pa.Array) -> Int64[np.ndarray, "rows words"]:
    """View values of 16 or 32 bytes as words, lowest first; nulls hold anything."""
    width = array.type.bit_width // 8
    n_words = width // _WORD
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros((len(array), n_words), np.int64)
    words = np.frombuffer(buffer, np.int64, len(array) * n_words, array.offset * width)
    return words.reshape(-1, n_words)


def from_words(words: Int64[np.ndarray, "rows words"], kind: pa.DataType) -> pa.Array:
    """Invert `to_words` for an array without nulls."""
    buffer = pa.py_buffer(np.ascontiguousarray(words))
    return pa.Array.from_buffers(kind, len(words), [None, buffer], null_count=0)


def with_nulls(present: pa.Array, is_valid: Bool[np.ndarray, "rows"]) -> pa.Array:
    """Spread values over the rows that are valid, nulls over the rest."""
    if is_valid.all():
        return present
    if not len(present):
        return pa.nulls(len(is_valid), present.type)
    places = np.maximum(np.cumsum(is_valid) - 1, 0)
    return present.take(pa.array(places, mask=~is_valid))


def validity(array: pa.Array) -> Bool[np.ndarray, "rows"]:
    """Return which rows are not null."""
    if not array.null_count:
        return np.ones(len(array), bool)
    return array.is_valid().to_numpy(zero_copy_only=False)
