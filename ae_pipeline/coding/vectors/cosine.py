"""Cosine similarity of vectors with their decoded ones, safe at any magnitude."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Shaped

#: Roundings of float64 that a sum of products may be off by, per number; twice, to be on the safe
#: side of a reader that adds in another order.
_ROUNDINGS = 4.0 * float(np.finfo(np.float64).eps)


def cosine_similarity(
    source: Shaped[np.ndarray, "rows lanes"], decoded: Shaped[np.ndarray, "rows lanes"]
) -> Float64[np.ndarray, "rows"]:
    """Return the cosine of each pair of vectors; 1 if their bits are equal, NaN without a norm."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        left, right = _scaled(source), _scaled(decoded)
        norms = np.sqrt((left * left).sum(axis=1) * (right * right).sum(axis=1))
        found: Float64[np.ndarray, "rows"] = (left * right).sum(axis=1) / norms
    bits = f"u{source.itemsize}"
    is_same = (_bits(source, bits) == _bits(decoded, bits)).all(axis=1)
    return np.where(is_same, 1.0, np.minimum(found, 1.0))


def keeps_cosine(
    source: Shaped[np.ndarray, "rows lanes"],
    decoded: Shaped[np.ndarray, "rows lanes"],
    least: float,
) -> Bool[np.ndarray, "rows"]:
    """Return the rows whose cosine is at least this, however a reader adds their products."""
    margin = _ROUNDINGS * (source.shape[1] + 8)
    found: Bool[np.ndarray, "rows"] = cosine_similarity(source, decoded) >= min(least + margin, 1.0)
    return found


def _scaled(vectors: Shaped[np.ndarray, "rows lanes"]) -> Float64[np.ndarray, "rows lanes"]:
    """Divide each vector by its largest number: squares of others overflow or vanish."""
    numbers = vectors.astype(np.float64)
    largest = np.abs(numbers).max(axis=1, initial=0.0, keepdims=True)
    return numbers / largest


def _bits(vectors: Shaped[np.ndarray, "rows lanes"], kind: str) -> Shaped[np.ndarray, "rows lanes"]:
    return np.ascontiguousarray(vectors).view(kind)
