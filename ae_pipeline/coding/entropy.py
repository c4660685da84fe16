"""Numbers ↔ bytes by pcodec, in the narrowest type that holds them.

A packed stream is a tag byte and a body. The body of a stream of one repeated value is that value
alone. The number of values is not stored: the caller of `unpack` knows it, so a damaged stream
cannot claim more memory than its caller is ready to give.

The body is a chunk of pcodec's wrapped format, 13 bytes less than a file of its standalone format,
which earlier releases wrote and which still holds streams longer than a page.

Source: pcodec, "Better compression for numerical sequences", https://arxiv.org/abs/2502.06112.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any  # a dtype known at run time only

import numpy as np
from jaxtyping import Int64, Shaped
from pcodec import ChunkConfig, DeltaSpec, ModeSpec, Progress, standalone, wrapped

_CONFIG = ChunkConfig(compression_level=8, enable_8_bit=True)
#: For integers that neither repeat multiples of a base nor follow those before them: no search.
_QUICK = ChunkConfig(
    compression_level=8,
    enable_8_bit=True,
    mode_spec=ModeSpec.classic(),
    delta_spec=DeltaSpec.no_op(),
)
_CONSTANT, _INT16, _INT32, _INT64, _NUMBERS = range(5)
#: Added to a tag: the body is a wrapped chunk of one page.
_WRAPPED = 8
_PAGE_VALUES = 1 << 18
_INTEGERS: dict[int, np.dtype[Any]] = {
    _INT16: np.dtype("<i2"),
    _INT32: np.dtype("<i4"),
    _INT64: np.dtype("<i8"),
}


def pack_integers(values: Int64[np.ndarray, "values"], *, is_quick: bool = False) -> bytes:
    """Pack integers; a repeated value costs two bytes and up.

    Args:
        values: to pack.
        is_quick: look for no pattern from value to value, where none is expected.
    """
    if not len(values):
        return b""
    low, high = int(values.min()), int(values.max())
    if low == high:
        n_bytes = (low ^ (low >> 63)).bit_length() // 8 + 1
        return bytes([_CONSTANT]) + low.to_bytes(n_bytes, "little", signed=True)
    tag = _narrowest(low, high)
    return _compress(np.ascontiguousarray(values, dtype=_INTEGERS[tag]), tag, is_quick=is_quick)


def unpack_integers(content: bytes, n_values: int) -> Int64[np.ndarray, "values"]:
    """Invert `pack_integers`.

    Raises:
        ValueError: the content is not a stream of `n_values` integers.
    """
    if not n_values:
        return np.zeros(0, np.int64)
    tag = content[0] if content else -1
    if tag == _CONSTANT and 1 < len(content) <= 9:
        return np.full(n_values, int.from_bytes(content[1:], "little", signed=True), np.int64)
    if tag & ~_WRAPPED not in _INTEGERS:
        raise ValueError(f"not an integer stream: tag {tag}")
    return _decompress(content, n_values, _INTEGERS[tag & ~_WRAPPED]).astype(np.int64)


def pack_numbers(values: Shaped[np.ndarray, "values"]) -> bytes:
    """Pack floats or integers of any width, bit for bit."""
    if not len(values):
        return b""
    raw = np.ascontiguousarray(values)
    if (raw.view(f"u{raw.itemsize}") == raw.view(f"u{raw.itemsize}")[0]).all():
        return bytes([_CONSTANT]) + raw[:1].tobytes()
    return _compress(raw, _NUMBERS)


def unpack_numbers(
    content: bytes, n_values: int, kind: np.dtype[Any]
) -> Shaped[np.ndarray, "values"]:
    """Invert `pack_numbers` for values of type `kind`.

    Raises:
        ValueError: the content is not a stream of `n_values` such numbers.
    """
    if not n_values:
        return np.zeros(0, kind)
    tag = content[0] if content else -1
    if tag == _CONSTANT and len(content) == 1 + kind.itemsize:
        return np.repeat(np.frombuffer(content[1:], kind), n_values)
    if tag & ~_WRAPPED != _NUMBERS:
        raise ValueError(f"not a number stream: tag {tag}")
    return _decompress(content, n_values, kind)


def pack_each(arrays: Iterable[Shaped[np.ndarray, "_"]], *, is_quick: bool = False) -> list[bytes]:
    """Pack arrays, each as `pack_integers` or, if it holds other numbers, as `pack_numbers`."""
    return [
        pack_integers(values.astype(np.int64, copy=False), is_quick=is_quick)
        if values.dtype.kind == "i"
        else pack_numbers(values)
        for values in arrays
    ]


def unpack_each(
    streams: Sequence[bytes], sizes: Sequence[int], kinds: Sequence[np.dtype[Any]]
) -> list[Shaped[np.ndarray, "_"]]:
    """Invert `pack_each`.

    Args:
        streams: of each array.
        sizes: values of each array.
        kinds: type of each array.

    Raises:
        ValueError: a stream does not hold values of this size and type.
    """
    return [_unpack(*parts) for parts in zip(streams, sizes, kinds, strict=True)]


def _unpack(stream: bytes, size: int, kind: np.dtype[Any]) -> Shaped[np.ndarray, "values"]:
    if kind.kind != "i":
        return unpack_numbers(stream, size, kind)
    integers = unpack_integers(stream, size)
    narrow = integers.astype(kind, copy=False)
    if (narrow != integers).any():
        raise ValueError(f"integers do not fit {kind}")
    return narrow


def _narrowest(low: int, high: int) -> int:
    for tag, kind in _INTEGERS.items():
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return tag
    raise OverflowError(f"{low} to {high} does not fit 64 bits")


def _compress(values: Shaped[np.ndarray, "values"], tag: int, *, is_quick: bool = False) -> bytes:
    config = _QUICK if is_quick else _CONFIG
    if len(values) > _PAGE_VALUES:
        return bytes([tag]) + standalone.simple_compress(values, config)
    file = wrapped.FileCompressor()
    chunk = file.chunk_compressor(values, config)
    return bytes([tag | _WRAPPED]) + file.write_header() + chunk.write_meta() + chunk.write_page(0)


def _decompress(content: bytes, n_values: int, kind: np.dtype[Any]) -> Shaped[np.ndarray, "values"]:
    read = _read_chunk if content[0] & _WRAPPED else standalone.simple_decompress_into
    values = np.empty(n_values, kind)
    try:
        progress = read(content[1:], values)
    except (RuntimeError, TypeError) as error:
        raise ValueError(str(error)) from error
    if progress.n_processed != n_values:
        raise ValueError(f"stream of {progress.n_processed} values, expected {n_values}")
    if not progress.finished:
        raise ValueError(f"stream of more than {n_values} values")
    return values


def _read_chunk(content: bytes, values: Shaped[np.ndarray, "values"]) -> Progress:
    """Fill `values` from a wrapped file: its header, then metadata and page of its only chunk."""
    file, start = wrapped.FileDecompressor.new(content)
    name = f"{values.dtype.kind}{8 * values.dtype.itemsize}"
    chunk, n_bytes = file.chunk_decompressor(content[start:], name)
    page = content[start + n_bytes :]
    progress, n_bytes = chunk.read_page_into(page, len(values), values)
    if n_bytes != len(page):
        raise ValueError("stream has bytes beyond its page")
    return progress
