"""First and second moments of cells in a row and in the row before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

#: Multiplications that a covariance may cost; rows beyond that are left out evenly.
_MOST_PRODUCTS = 2e10
#: Cells outside these quantiles of a column are moved to them.
_CENTRAL = (0.0005, 0.9995)

Cells = Float64[np.ndarray, "features _"]


@dataclass(frozen=True)
class Moments:
    """Moments of two variables per feature j: its cell, at `2 j`, and the one before, at `2 j + 1`.

    Args:
        mean: one per variable.
        covariance: one per pair.
    """

    mean: Float64[np.ndarray, "variables"]
    covariance: Float64[np.ndarray, "variables variables"]


def measure_moments(blocks: Sequence[Cells]) -> Moments:
    """Measure moments over blocks of consecutive rows, unmoved by a few wild cells."""
    n_features = len(blocks[0])
    low, high = np.quantile(np.concatenate(blocks, axis=1), _CENTRAL, axis=1)
    n_rows = sum(block.shape[1] for block in blocks)
    step = max(1, int(n_rows * (2 * n_features) ** 2 / _MOST_PRODUCTS))
    total = np.zeros(2 * n_features)
    products = np.zeros((2 * n_features, 2 * n_features))
    count = 0
    for block in blocks:
        tame = np.clip(block, low[:, None], high[:, None])
        pairs = np.empty((2 * n_features, max(block.shape[1] - 1, 0)))
        pairs[0::2], pairs[1::2] = tame[:, 1:], tame[:, :-1]
        chosen = pairs[:, ::step]
        total += chosen.sum(axis=1)
        products += chosen @ chosen.T
        count += chosen.shape[1]
    mean = total / max(count, 1)
    return Moments(mean, products / max(count, 1) - np.outer(mean, mean))
