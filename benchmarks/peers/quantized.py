"""Quantise + pcodec: multiples of twice the tolerance, as integers in the narrowest type."""

from __future__ import annotations

from typing import Any  # a dtype known at run time only

import numpy as np
from pcodec import ChunkConfig, standalone

from benchmarks.peers.peer import float_kind, per_column

_CONFIG = ChunkConfig(compression_level=8)
_INTEGERS = (np.int16, np.int32, np.int64)
#: float64 holds every integer up to this one.
_MOST_CELLS = 1 << 53


def to_cells(values: np.ndarray, tolerance: float) -> np.ndarray:
    """Return cell numbers as float64; OverflowError if there are too many to tell apart."""
    cells = np.rint(values.astype(np.float64) / (2 * tolerance))
    if np.abs(cells).max(initial=0) > _MOST_CELLS:
        raise OverflowError(f"more than {_MOST_CELLS} cells of {2 * tolerance}")
    return cells


def from_cells(cells: np.ndarray, tolerance: float, kind: np.dtype[Any]) -> np.ndarray:
    """Return the centres of cells, as floats for a column of type `kind`."""
    return (cells.astype(np.float64) * (2 * tolerance)).astype(float_kind(kind))


def pack_cells(cells: np.ndarray) -> bytes:
    """Return at least one whole number, packed in the narrowest type that holds them all."""
    largest = np.abs(cells).max()
    kind = next(kind for kind in _INTEGERS if largest <= np.iinfo(kind).max)
    return standalone.simple_compress(cells.astype(kind), _CONFIG)


def unpack_cells(content: bytes) -> np.ndarray:
    """Restore the cells: the inverse of `pack_cells`."""
    return standalone.simple_decompress(content)


class _QuantizedColumn:
    def pack(self, values: np.ndarray, tolerance: float) -> bytes:
        return pack_cells(to_cells(values, tolerance))

    def unpack(
        self, content: bytes, kind: np.dtype[Any], n_values: int, tolerance: float
    ) -> np.ndarray:
        return from_cells(unpack_cells(content), tolerance, kind)


PCODEC = per_column("quantise + pcodec", _QuantizedColumn())
