"""Strings as they are, compressed together: those that no integers stand for.

Packed texts are a tag, the number of strings, and two streams: their lengths and all their bytes.
With tag 1 every string ends in a zero byte and there are no lengths. With tags 2 and 3, likewise,
the frame needs the dictionary of the codec.
"""

from __future__ import annotations

import bz2
from typing import Any  # options of zstandard

import numpy as np
import pyarrow as pa
import zstandard
from jaxtyping import UInt8

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, prefixed, varint
from ae_pipeline.mapping.strings.byte_rows import (
    BINARY,
    ByteRows,
    from_byte_rows,
    starts_of,
    to_byte_rows,
)

_ENDS, _TRAINED = 1, 2
#: Texts of up to so many bytes are worth the slowest level.
_SMALL_BYTES = 1 << 21
_SLOW_LEVEL, _LEVEL, _WINDOW_LOG = 19, 12, 27
#: bzip2 is tried from so many bytes on, and has to win by this part on so many of them.
_LEAST_PROSE, _PROSE_PART, _WEIGHED_BYTES = 1 << 12, 0.93, 1 << 18
#: zstd repeats a byte at most 2^17 times for each four bytes of a frame; bzip2 is held to that too.
_MOST_RATIO, _FREE_BYTES = 1 << 15, 1 << 17
#: Bytes of one column in one block.
MOST_BYTES = 1 << 31

Dictionary = zstandard.ZstdCompressionDict


def pack_texts(texts: pa.Array, dictionary: Dictionary | None = None) -> bytes:
    """Pack strings; nothing if there are none.

    Args:
        texts: of type `BINARY`, without nulls.
        dictionary: bytes that such texts often hold.
    """
    if not len(texts):
        return b""
    rows = to_byte_rows(texts)
    tag = _TRAINED if dictionary else 0
    # A zero byte costs less than a length where strings are long; where all are equally long, it
    # does not.
    has_ends = bool(rows.content.all()) and bool((rows.lengths != rows.lengths[0]).any())
    if has_ends:
        tag |= _ENDS
        lengths, content = b"", _with_ends(rows)
    else:
        lengths, content = pack_integers(rows.lengths), rows.content
    body = prefixed([lengths]) + pack_bytes(content.tobytes(), dictionary)
    return bytes([tag]) + varint(len(texts)) + body


def unpack_texts(content: bytes, most_texts: int, dictionary: Dictionary | None = None) -> pa.Array:
    """Invert `pack_texts`.

    Raises:
        ValueError: these are not at most `most_texts` strings in a reasonable number of bytes.
    """
    if not content:
        return pa.array([], BINARY)
    reader = Reader(content)
    tag, n_texts = reader.byte(), reader.varint()
    if tag > (_ENDS | _TRAINED) or bool(tag & _TRAINED) != bool(dictionary):
        raise ValueError(f"not packed texts: tag {tag}")
    if not 0 < n_texts <= most_texts:
        raise ValueError(f"{n_texts} texts in {most_texts} rows")
    lengths = reader.take_prefixed(1)[0]
    raw = np.frombuffer(unpack_bytes(content[reader.position :], dictionary), np.uint8)
    if tag & _ENDS:
        return from_byte_rows(_without_ends(raw, n_texts))
    starts = starts_of(unpack_integers(lengths, n_texts), MOST_BYTES)
    if starts[-1] != len(raw):
        raise ValueError(f"texts of {len(raw)} bytes, expected {starts[-1]}")
    return from_byte_rows(ByteRows(raw, starts))


def _with_ends(rows: ByteRows) -> UInt8[np.ndarray, "bytes"]:
    """Put a zero byte after each string."""
    n_rows = len(rows.starts) - 1
    is_byte = np.ones(len(rows.content) + n_rows, bool)
    is_byte[rows.starts[1:] + np.arange(n_rows)] = False
    content = np.zeros(len(is_byte), np.uint8)
    content[is_byte] = rows.content
    return content


def _without_ends(content: UInt8[np.ndarray, "bytes"], n_texts: int) -> ByteRows:
    is_byte = content != 0
    ends = np.flatnonzero(~is_byte)
    if len(ends) != n_texts or not len(content) or is_byte[-1]:
        raise ValueError(f"{len(ends)} ends of {n_texts} texts")
    starts = np.zeros(n_texts + 1, np.int64)
    starts[1:] = ends - np.arange(n_texts)
    return ByteRows(content[is_byte], starts)


def pack_bytes(content: bytes, dictionary: Dictionary | None = None) -> bytes:
    """Compress bytes by zstd or bzip2; incompressible ones stay as they are.

    Four times their number plus the mode stands before them: 0 as they are, 1 zstd, 2 bzip2.
    """
    if _is_prose(content, dictionary):
        mode, frame = _BZIP, bz2.compress(content)
    else:
        level = _LEVEL if len(content) > _SMALL_BYTES else _SLOW_LEVEL
        mode, frame = _ZSTD, _zstd(content, level, dictionary)
    if len(frame) >= len(content) or len(content) > _most_bytes(frame):
        mode, frame = _PLAIN, content
    return varint(4 * len(content) + mode) + frame


def _zstd(content: bytes, level: int, dictionary: Dictionary | None) -> bytes:
    options: dict[str, Any] = {"write_content_size": False, "write_dict_id": False}
    if len(content) > _SMALL_BYTES:
        options |= {"enable_ldm": True, "window_log": _WINDOW_LOG}
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level, source_size=len(content), **options
    )
    compressor = zstandard.ZstdCompressor(compression_params=parameters, dict_data=dictionary)
    return compressor.compress(content)


def _is_prose(content: bytes, dictionary: Dictionary | None) -> bool:
    """Whether bzip2, which is good at prose and slow, compresses the middle of some bytes best."""
    if len(content) < _LEAST_PROSE:
        return False
    start = max(len(content) - _WEIGHED_BYTES, 0) // 2
    middle = content[start : start + _WEIGHED_BYTES]
    return len(bz2.compress(middle)) < _PROSE_PART * len(_zstd(middle, _LEVEL, dictionary))


def unpack_bytes(packed: bytes, dictionary: Dictionary | None = None) -> bytes:
    """Invert `pack_bytes`, in memory that is in proportion to the frame.

    Raises:
        ValueError: the claimed size is impossible, or the frame is damaged.
    """
    reader = Reader(packed)
    n_bytes, mode = divmod(reader.varint(), 4)
    frame = packed[reader.position :]
    if n_bytes > _most_bytes(frame):
        raise ValueError(f"{len(frame)} bytes claim to be {n_bytes}")
    try:
        content = _READS[mode](frame, n_bytes, dictionary)
    except (zstandard.ZstdError, OSError, EOFError) as error:
        raise ValueError(f"not a compressed frame: {error}") from error
    if len(content) != n_bytes:
        raise ValueError(f"frame of {len(content)} bytes, expected {n_bytes}")
    return content


def _most_bytes(frame: bytes) -> int:
    return min(_FREE_BYTES + _MOST_RATIO * len(frame), MOST_BYTES)


def _read_plain(frame: bytes, n_bytes: int, dictionary: Dictionary | None) -> bytes:
    return frame


def _read_zstd(frame: bytes, n_bytes: int, dictionary: Dictionary | None) -> bytes:
    # The header of a frame may claim a size too, which zstandard would allocate unasked.
    if zstandard.frame_content_size(frame) not in {-1, n_bytes}:
        raise ValueError("frame of another size")
    decompressor = zstandard.ZstdDecompressor(
        dict_data=dictionary, max_window_size=1 << _WINDOW_LOG
    )
    return decompressor.decompress(frame, max_output_size=n_bytes, allow_extra_data=False)


def _read_bzip(frame: bytes, n_bytes: int, dictionary: Dictionary | None) -> bytes:
    decompressor = bz2.BZ2Decompressor()
    content = decompressor.decompress(frame, max_length=n_bytes + 1)
    if not decompressor.eof or decompressor.unused_data:
        raise ValueError("frame of another size")
    return content


def _read_unknown(frame: bytes, n_bytes: int, dictionary: Dictionary | None) -> bytes:
    raise ValueError("frame of an unknown mode")


_PLAIN, _ZSTD, _BZIP = range(3)
_READS = (_read_plain, _read_zstd, _read_bzip, _read_unknown)
