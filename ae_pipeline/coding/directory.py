"""The directory of a block: how each column is stored, and the length of each of its streams.

`docs/format.md`, section 4.5. Ways apart from lengths it is deflated where that is shorter: a wide
table has thousands of columns that are stored alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from ae_pipeline.coding.varint import Reader, varint, varints

#: The way of a column, one byte, and the lengths of its streams.
Entry = tuple[int, Sequence[int]]
#: Bytes of a directory of as many columns and sub-columns as there may be; a reader refuses more.
_MOST_BYTES = 1 << 22


def pack_directory(codes: Sequence[int], entries: Sequence[Entry]) -> tuple[bytes, bool]:
    """Return the shorter form of a directory, and whether it is the deflated one.

    Args:
        codes: lengths of the streams of codes.
        entries: of feature columns, then of mapped columns.
    """
    plain = varints([*codes, *(number for way, lengths in entries for number in (way, *lengths))])
    lengths = varints([*codes, *(length for _, lengths in entries for length in lengths)])
    stream = zlib.compressobj(9, wbits=-15)
    content = stream.compress(bytes(way for way, _ in entries) + lengths) + stream.flush()
    packed = varint(len(content)) + content
    is_shorter = len(packed) < len(plain) and len(entries) + len(lengths) <= _MOST_BYTES
    return (packed, True) if is_shorter else (plain, False)


def open_directory(reader: Reader, n_entries: int, is_deflated: bool) -> tuple[Reader, Reader]:
    """Return what to read ways from, and lengths; both read the block itself if it is plain.

    Raises:
        ValueError: it is no deflate stream, or a longer one than a writer makes.
    """
    if not is_deflated:
        return reader, reader
    stream = zlib.decompressobj(wbits=-15)
    try:
        content = stream.decompress(reader.take(reader.varint()), _MOST_BYTES)
    except zlib.error as error:
        raise ValueError("directory is not a deflate stream") from error
    if not stream.eof or stream.unused_data or len(content) < n_entries:
        raise ValueError(f"directory is not a deflate stream of at most {_MOST_BYTES} bytes")
    return Reader(content[:n_entries]), Reader(content, n_entries)
