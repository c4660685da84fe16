"""Missing values of a row as a few bytes, so that they travel with the row.

A row without missing values is null. Otherwise it is a run of little-endian uint16, one per
missing value in column order: `4 * feature number + reason - 1` with the reasons null 1, NaN 2,
+Inf 3, -Inf 4. Rows may be filtered, sorted or split by other tools and still decode.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from ae_pipeline.blocks.block import NEGATIVE_INFINITY

_ENTRY_BYTES = 2
_REASONS = NEGATIVE_INFINITY


def pack_missing(missing: UInt8[np.ndarray, "features rows"] | None, n_rows: int) -> pa.BinaryArray:
    """Return one binary value per row, all null if nothing is missing."""
    if missing is None:
        return pa.nulls(n_rows, pa.binary())
    rows, columns = np.nonzero(missing.T)
    entries = (columns * _REASONS + missing[columns, rows] - 1).astype("<u2")
    per_row = np.bincount(rows, minlength=n_rows)
    offsets = np.zeros(n_rows + 1, np.int32)
    np.cumsum(per_row * _ENTRY_BYTES, out=offsets[1:])
    validity = np.packbits(per_row > 0, bitorder="little")
    buffers = [pa.py_buffer(validity), pa.py_buffer(offsets), pa.py_buffer(entries)]
    return pa.Array.from_buffers(pa.binary(), n_rows, buffers)


def unpack_missing(packed: pa.Array, n_features: int) -> UInt8[np.ndarray, "features rows"] | None:
    """Invert `pack_missing`.

    Args:
        packed: as `pack_missing` made it, or in another of Arrow's binary types, to which other
            tools convert it.
        n_features: number of feature columns of the table.

    Raises:
        ValueError: an entry names a column that does not exist, a value has an odd length, or the
            column holds no bytes at all.
    """
    if packed.null_count == len(packed):
        return None
    filled = _as_binary(packed).fill_null(b"")
    offsets = np.frombuffer(filled.buffers()[1], np.int32)[filled.offset :][: len(filled) + 1]
    lengths = np.diff(offsets)
    if (lengths % _ENTRY_BYTES).any():
        raise ValueError("missing-value entries must be 2 bytes each")
    content = np.frombuffer(filled.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    entries = np.frombuffer(content.tobytes(), "<u2")
    columns, reasons = np.divmod(entries, _REASONS)
    if len(columns) and int(columns.max()) >= n_features:
        raise ValueError(f"missing-value entry names feature {columns.max()} of {n_features}")
    missing = np.zeros((n_features, len(filled)), np.uint8)
    missing[columns, np.repeat(np.arange(len(filled)), lengths // _ENTRY_BYTES)] = reasons + 1
    return missing


def _as_binary(packed: pa.Array) -> pa.BinaryArray:
    """Return the column with 32-bit offsets, which `unpack_missing` reads."""
    try:
        return packed.cast(pa.binary())
    except pa.ArrowException as error:
        raise ValueError(f"missing values are {packed.type}, not binary") from error
