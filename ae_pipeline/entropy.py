"""Numbers ↔ bytes by pcodec, in the narrowest type that holds them.

A packed stream is one tag byte and a body. Streams of one repeated value have a body of that value
alone. How many values there are is not stored: whoever unpacks knows, so a damaged stream cannot
claim more memory than its caller is ready to give.

Source: pcodec, "Better compression for numerical sequences", https://arxiv.org/abs/2502.06112.
"""

from __future__ import annotations

from typing import Any  # a dtype known at run time only

import numpy as np
from jaxtyping import Int64, Shaped
from pcodec import ChunkConfig, standalone

_CONFIG = ChunkConfig(compression_level=8, enable_8_bit=True)
_CONSTANT, _INT16, _INT32, _INT64, _NUMBERS = range(5)
_INTEGERS: dict[int, np.dtype[Any]] = {
    _INT16: np.dtype("<i2"),
    _INT32: np.dtype("<i4"),
    _INT64: np.dtype("<i8"),
}


def pack_integers(values: Int64[np.ndarray, "values"]) -> bytes:
    """Integers as bytes; a constant costs two bytes and up."""
    if not len(values):
        return b""
    low, high = int(values.min()), int(values.max())
    if low == high:
        n_bytes = (low ^ (low >> 63)).bit_length() // 8 + 1
        return bytes([_CONSTANT]) + low.to_bytes(n_bytes, "little", signed=True)
    tag = _narrowest(low, high)
    narrow = np.ascontiguousarray(values, dtype=_INTEGERS[tag])
    return bytes([tag]) + standalone.simple_compress(narrow, _CONFIG)


def unpack_integers(content: bytes, n_values: int) -> Int64[np.ndarray, "values"]:
    """Inverse of `pack_integers`.

    Raises:
        ValueError: not a stream of `n_values` integers.
    """
    if not n_values:
        return np.zeros(0, np.int64)
    tag = content[0] if content else -1
    if tag == _CONSTANT and 1 < len(content) <= 9:
        return np.full(n_values, int.from_bytes(content[1:], "little", signed=True), np.int64)
    if tag not in _INTEGERS:
        raise ValueError(f"no integer stream: tag {tag}")
    return _decompress(content[1:], n_values, _INTEGERS[tag]).astype(np.int64)


def pack_numbers(values: Shaped[np.ndarray, "values"]) -> bytes:
    """Floats or integers of any width, bit for bit."""
    if not len(values):
        return b""
    raw = np.ascontiguousarray(values)
    if (raw.view(f"u{raw.itemsize}") == raw.view(f"u{raw.itemsize}")[0]).all():
        return bytes([_CONSTANT]) + raw[:1].tobytes()
    return bytes([_NUMBERS]) + standalone.simple_compress(raw, _CONFIG)


def unpack_numbers(
    content: bytes, n_values: int, kind: np.dtype[Any]
) -> Shaped[np.ndarray, "values"]:
    """Inverse of `pack_numbers` for values of type `kind`.

    Raises:
        ValueError: not a stream of `n_values` such numbers.
    """
    if not n_values:
        return np.zeros(0, kind)
    tag = content[0] if content else -1
    if tag == _CONSTANT and len(content) == 1 + kind.itemsize:
        return np.repeat(np.frombuffer(content[1:], kind), n_values)
    if tag != _NUMBERS:
        raise ValueError(f"no number stream: tag {tag}")
    return _decompress(content[1:], n_values, kind)


def _narrowest(low: int, high: int) -> int:
    for tag, kind in _INTEGERS.items():
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return tag
    raise OverflowError(f"{low} to {high} does not fit 64 bits")


def _decompress(content: bytes, n_values: int, kind: np.dtype[Any]) -> Shaped[np.ndarray, "values"]:
    values = np.empty(n_values, kind)
    try:
        progress = standalone.simple_decompress_into(content, values)
    except (RuntimeError, TypeError) as error:
        raise ValueError(str(error)) from error
    if progress.n_processed != n_values:
        raise ValueError(f"stream of {progress.n_processed} values, expected {n_values}")
    if not progress.finished:
        raise ValueError(f"stream of more than {n_values} values")
    return values
