"""Bytes as zstd frames that cannot claim more memory than they are worth."""

from __future__ import annotations

import zstandard

_LEVEL = 9
#: A frame is at least this part of its content beyond the first bytes, which are free.
_MOST_RATIO = 1024
_FREE_BYTES = 1 << 26


def pack_frame(content: bytes) -> bytes:
    """Compress bytes; zeros follow a frame that is smaller than readers believe."""
    if not content:
        return b""
    frame = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=False).compress(content)
    return frame.ljust((len(content) - _FREE_BYTES) // _MOST_RATIO + 1, b"\0")


def unpack_frame(frame: bytes, n_bytes: int) -> bytes:
    """Invert `pack_frame`.

    Args:
        frame: to the end.
        n_bytes: length of the content, as claimed by whoever wrote the frame.

    Raises:
        ValueError: the claim is out of proportion, or the frame holds something else.
    """
    if not 0 <= n_bytes <= _FREE_BYTES + _MOST_RATIO * len(frame):
        raise ValueError(f"{len(frame)} bytes claim to be {n_bytes}")
    if not n_bytes and not frame:
        return b""
    try:
        # The header of a frame may claim a size too, which zstandard would allocate unasked.
        if zstandard.frame_content_size(frame) not in {-1, n_bytes}:
            raise ValueError("frame of another size")
        content = zstandard.ZstdDecompressor().decompress(
            frame, max_output_size=max(n_bytes, 1), allow_extra_data=True
        )
    except zstandard.ZstdError as error:
        raise ValueError(f"not a zstd frame: {error}") from error
    if len(content) != n_bytes:
        raise ValueError(f"frame of {len(content)} bytes, expected {n_bytes}")
    return content
