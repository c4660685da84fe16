"""Bits that counts, tables and streams take, estimated alike by all that chooses between ways."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64, Num, Shaped

from ae_pipeline.coding.entropy import pack_integers

#: Bits of a frequency in a table of contexts, and of a node of its tree, as packed models take.
ENTRY_BITS = 5.0
SPLIT_BITS = 26.0
#: Bits that a frequency seems to save, by chance, for each row that a sampled row stands for.
CHANCE_BITS = 1.0

_COUNTS = np.arange(1, 1 << 17, dtype=np.float64)
_X_LOG_X = np.concatenate([[0.0], _COUNTS * np.log2(_COUNTS)])


def x_log_x(counts: Num[np.ndarray, "*_"]) -> Float64[np.ndarray, "*_"]:
    """Return `c log2(c)` of each count, 0 of none."""
    if counts.dtype.kind == "i" and counts.size and counts.max() < len(_X_LOG_X):
        return _X_LOG_X[counts]
    numbers = counts.astype(np.float64)
    return numbers * np.log2(np.maximum(numbers, 1e-300))


def entropy_bits(counts: Num[np.ndarray, "*_"]) -> float:
    """Return the bits of all that was counted, under the shares that the counts give."""
    return float(x_log_x(counts.sum(keepdims=True)).sum() - x_log_x(counts).sum())


def rows_entropy_bits(counts: Num[np.ndarray, "rows tokens"]) -> Float64[np.ndarray, "rows"]:
    """Return `entropy_bits` of each row."""
    return x_log_x(counts.sum(axis=1)) - x_log_x(counts).sum(axis=1)


def width_bits(
    low: Int64[np.ndarray, "*_"], high: Int64[np.ndarray, "*_"]
) -> Float64[np.ndarray, "*_"]:
    """Return the bits of one integer from `low` to `high`, both inside."""
    return np.log2(high.astype(np.float64) - low.astype(np.float64) + 1)


def packed_bytes(values: Shaped[np.ndarray, "*_"]) -> int:
    """Return the bytes of integers as streams pack them."""
    return len(pack_integers(values.ravel().astype(np.int64)))
