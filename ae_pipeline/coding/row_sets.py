"""Sets of rows as bytes: which rows are null, which are stored exactly."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers

_COUNT_BYTES = 4
_BITMAP, _POSITIONS = 0, 1
#: First byte of a validity that a table model codes.
MODELLED_VALIDITY = 2


def pack_positions(positions: Int64[np.ndarray, "chosen"]) -> bytes:
    """Pack the number of positions and the steps between them, the first from before row 0."""
    if not len(positions):
        return b""
    steps = np.diff(positions, prepend=-1)
    return len(positions).to_bytes(_COUNT_BYTES, "little") + pack_integers(steps)


def unpack_positions(content: bytes, n_rows: int) -> Int64[np.ndarray, "chosen"]:
    """Invert `pack_positions`; ValueError if positions do not lie within `n_rows`."""
    n_chosen = int.from_bytes(content[:_COUNT_BYTES], "little")
    if n_chosen > n_rows:
        raise ValueError(f"{n_chosen} positions in {n_rows} rows")
    steps = unpack_integers(content[_COUNT_BYTES:], n_chosen)
    # Steps within the block first: sums of larger ones could wrap around.
    if n_chosen and (steps.min() < 1 or steps.max() > n_rows or steps.sum() > n_rows):
        raise ValueError("positions lie outside the block")
    return np.cumsum(steps) - 1


def pack_validity(is_valid: Bool[np.ndarray, "rows"]) -> bytes:
    """Pack nothing if all rows are valid, else a bitmap or the positions of nulls, if smaller."""
    if is_valid.all():
        return b""
    bitmap = pa.compress(np.packbits(is_valid).tobytes(), codec="zstd", asbytes=True)
    positions = pack_positions(np.flatnonzero(~is_valid))
    if len(positions) < len(bitmap):
        return bytes([_POSITIONS]) + positions
    return bytes([_BITMAP]) + bitmap


def unpack_validity(content: bytes, n_rows: int) -> Bool[np.ndarray, "rows"]:
    """Invert `pack_validity`; ValueError for other content."""
    is_valid = np.ones(n_rows, bool)
    if not content:
        return is_valid
    if content[0] == _POSITIONS:
        is_valid[unpack_positions(content[1:], n_rows)] = False
        return is_valid
    if content[0] != _BITMAP:
        raise ValueError(f"not a validity: tag {content[0]}")
    return _unpack_bitmap(content[1:], n_rows)


def _unpack_bitmap(content: bytes, n_rows: int) -> Bool[np.ndarray, "rows"]:
    n_bytes = (n_rows + 7) // 8
    try:
        # A stream, because `pa.decompress` leaves the bytes that a short frame lacks uninitialised.
        bits = pa.CompressedInputStream(pa.py_buffer(content), "zstd").read(n_bytes + 1)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error)) from error
    if len(bits) != n_bytes:
        raise ValueError("validity of another length")
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=n_rows).astype(bool)
