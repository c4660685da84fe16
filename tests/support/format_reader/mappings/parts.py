"""Parts of sides: packed columns, packed bytes and texts (section 7.1)."""

from __future__ import annotations

import bz2

import numpy as np
import pyarrow as pa
import zstandard

from tests.support.format_reader.streams import (
    Bytes,
    read_integers,
    read_numbers,
    read_validity,
)

FLOATS = {16: "<f2", 32: "<f4", 64: "<f8"}


def of_bytes(content: bytes, kind: pa.DataType, n: int) -> pa.Array:
    """Values of a fixed width without nulls."""
    return pa.Array.from_buffers(kind, n, [None, pa.py_buffer(content)])


def bitmap(is_valid: np.ndarray) -> pa.Buffer:
    """Validity as Arrow stores it."""
    return pa.py_buffer(np.packbits(is_valid, bitorder="little").tobytes())


def spread(present: pa.Array, is_valid: np.ndarray) -> pa.Array:
    """Values in the rows that are valid, nulls in the rest."""
    if is_valid.all():
        return present
    if not len(present):
        return pa.nulls(len(is_valid), present.type)
    return present.take(pa.array(np.maximum(np.cumsum(is_valid) - 1, 0), mask=~is_valid))


def read_frame(content: bytes, n_bytes: int) -> bytes:
    """Bytes of a frame."""
    if not content:
        return b""
    return zstandard.ZstdDecompressor().decompress(
        content, max_output_size=max(n_bytes, 1), allow_extra_data=True
    )


def read_packed(content: bytes, kind: pa.DataType, n: int) -> pa.Array:
    """A packed column."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, read_packed(content, kind.storage_type, n))
    taken = Bytes(content)
    tag = taken.take(1)[0]
    if tag == 1:
        return pa.nulls(n)
    if tag == 0:
        size = taken.varint()
        stream = read_frame(content[taken.position :], size)
        (batch,) = pa.ipc.open_stream(stream)
        return batch.column(0)
    is_valid = read_validity(taken.take(taken.varint()), n)
    body, m = content[taken.position :], int(is_valid.sum())
    return spread(_BODIES[tag](body, kind, m), is_valid)


def _booleans(body: bytes, kind: pa.DataType, m: int) -> pa.Array:
    return pa.array(read_validity(body, m), kind)


def _numbers(body: bytes, kind: pa.DataType, m: int) -> pa.Array:
    dtype = np.dtype(f"<i{kind.bit_width // 8}")
    return of_bytes(read_numbers(body, m, dtype).tobytes(), kind, m)


def _floats(body: bytes, kind: pa.DataType, m: int) -> pa.Array:
    dtype = np.dtype(FLOATS[kind.bit_width])
    if body[0] == 255:
        values = read_numbers(body[1:], m, dtype)
    else:
        values = (read_integers(body[1:], m) / float(f"1e{body[0]}")).astype(dtype)
    return of_bytes(values.tobytes(), kind, m)


def _fixed(body: bytes, kind: pa.DataType, m: int) -> pa.Array:
    width = kind.bit_width // 8
    content = read_frame(body, m * width)
    rows = b"".join(bytes(content[place + m * byte] for byte in range(width)) for place in range(m))
    return of_bytes(rows, kind, m)


def _texts(body: bytes, kind: pa.DataType, m: int) -> pa.Array:
    taken = Bytes(body)
    lengths = read_integers(taken.take(taken.varint()), m).tolist()
    content = Bytes(read_frame(body[taken.position :], sum(lengths)))
    return pa.array([content.take(length) for length in lengths], pa.large_binary()).cast(kind)


_BODIES = {2: _booleans, 3: _numbers, 4: _floats, 5: _fixed, 6: _texts}


def read_bytes(content: bytes, dictionary: bytes = b"") -> bytes:
    """Packed bytes."""
    taken = Bytes(content)
    n_bytes, mode = divmod(taken.varint(), 4)
    frame = content[taken.position :]
    if mode == 0:
        return frame
    if mode == 2:
        return bz2.decompress(frame)
    trained = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    decompressor = zstandard.ZstdDecompressor(dict_data=trained, max_window_size=1 << 27)
    return decompressor.decompress(frame, max_output_size=n_bytes) if n_bytes else b""


def read_texts(content: bytes, dictionary: bytes = b"") -> list[bytes]:
    """Texts."""
    if not content:
        return []
    taken = Bytes(content)
    tag, n = taken.take(1)[0], taken.varint()
    stream = taken.take(taken.varint())
    raw = read_bytes(content[taken.position :], dictionary if tag & 2 else b"")
    if tag & 1:
        return raw.split(b"\0")[:n]
    strings = Bytes(raw)
    return [strings.take(length) for length in read_integers(stream, n).tolist()]
