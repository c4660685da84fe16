"""The JSON of a codec ↔ one Zstandard frame, `docs/format.md`, section 1.1."""

from __future__ import annotations

import json
from typing import Any  # JSON trees

import zstandard

from ae_pipeline.errors import ConfigError

#: Bytes of JSON, enough for 16,384 columns; a frame of a few bytes could expand to gigabytes.
MOST_JSON = 1 << 26
#: Level 19 pays where JSON is a good part of an archive; megabytes would take it minutes.
_LEVEL, _FAST_LEVEL, _MOST_SLOW = 19, 9, 1 << 20
#: Neither level looks back further; a frame may ask for more, and a reader would set it aside.
_MOST_WINDOW = 1 << 23


def pack_tree(tree: dict[str, Any]) -> bytes:
    """Write JSON in one line as one frame with a checksum, since no id covers provenance.

    Raises:
        ConfigError: readers would refuse it as too large.
        ValueError: it has NaN or infinities.
    """
    content = (json.dumps(tree, separators=(",", ":"), allow_nan=False) + "\n").encode()
    if len(content) > MOST_JSON:
        raise ConfigError(
            "codec too large",
            where="columns",
            expected=f"at most {MOST_JSON} bytes of JSON",
            got=f"{len(content)} bytes",
            remedy="leave out columns, or metadata of the schema",
        )
    level = _LEVEL if len(content) <= _MOST_SLOW else _FAST_LEVEL
    return zstandard.ZstdCompressor(level=level, write_checksum=True).compress(content)


def unpack_tree(frame: bytes) -> Any:
    """Invert `pack_tree`, in memory bounded by `MOST_JSON`.

    Raises:
        ValueError: it is not one frame of JSON, or a larger one; RecursionError if it is too deep.
    """
    if len(frame) > MOST_JSON:
        raise ValueError(f"frame of {len(frame)} bytes, expected at most {MOST_JSON}")
    try:
        # The header may claim any size, which zstandard would allocate unasked.
        n_bytes = zstandard.frame_content_size(frame)
        if n_bytes > MOST_JSON:
            raise ValueError(f"frame of {n_bytes} bytes of JSON, expected at most {MOST_JSON}")
        content = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).decompress(
            frame, max_output_size=MOST_JSON, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise ValueError(f"not a zstd frame: {error}") from error
    return parse_tree(content)


def parse_tree(content: bytes) -> Any:
    """Parse JSON; ValueError for what JSON does not have, RecursionError if it is too deep."""
    return json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> float:
    """Refuse NaN and infinities, which JSON does not have."""
    raise ValueError(f"{name} is not JSON")
