"""Select the variables that a column is predicted from: the few that pay for themselves.

Terms are added one by one, the one that lowers the variance most first (orthogonal least squares,
Chen, Cowan and Grant 1991), as long as the bits they save over the whole source are more than the
bits they cost.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.planner.moments import Moments

#: Bits of a term in the model.
TERM_BITS = 24.0
_MOST_TERMS = 24
#: Variables that terms of one column are chosen from.
_MOST_LISTED = 128
#: Share of a variable's variance added to it, so that equal columns do not share a weight.
RIDGE = 1e-6


def shortlist(
    available: Int64[np.ndarray, "sources"],
    toward: Float64[np.ndarray, "variables"],
    moments: Moments,
) -> Int64[np.ndarray, "listed"]:
    """Keep the variables that explain most of the target one by one, if there are very many."""
    if len(available) <= _MOST_LISTED:
        return available
    spread = np.maximum(np.diag(moments.covariance)[available], 1e-12)
    telling = toward[available] ** 2 / spread
    return np.sort(available[np.argpartition(-telling, _MOST_LISTED)[:_MOST_LISTED]])


def select_terms(
    available: Int64[np.ndarray, "sources"],
    toward: Float64[np.ndarray, "variables"],
    variance: float,
    moments: Moments,
    n_rows: int,
) -> list[int]:
    """Return the places in `available` of the terms that pay, by orthogonal least squares.

    `rest` is the variance of each candidate that the terms chosen so far do not explain, `link` its
    covariance with what they leave of the target.
    """
    inner = moments.covariance[np.ix_(available, available)]
    rest, link = np.diag(inner).copy(), toward[available].copy()
    least = RIDGE * rest + 1e-9
    variance = max(variance, 0.0)  # that of wide cells is the small difference of large sums
    chosen: list[int] = []
    factors: list[Float64[np.ndarray, "sources"]] = []
    while len(chosen) < min(_MOST_TERMS, len(available)):
        explained = np.where(rest > least, link**2 / np.maximum(rest, least), 0.0)
        best = int(explained.argmax())
        left = max(variance - float(explained[best]), 0.0)
        if n_rows * (_bits(variance) - _bits(left)) <= TERM_BITS:
            break
        factor = inner[:, best] - sum((f[best] * f for f in factors), np.zeros(len(available)))
        factor /= np.sqrt(rest[best])
        link -= factor * (link[best] / np.sqrt(rest[best]))
        rest -= factor**2
        rest[best], variance = 0.0, left
        chosen.append(best)
        factors.append(factor)
    return sorted(chosen)


def _bits(variance: float) -> float:
    """Estimate the bits of a rounded Gaussian number of this variance; 0 for 0."""
    return float(0.5 * np.log2(1.0 + 2.0 * np.pi * np.e * variance))
