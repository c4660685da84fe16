"""The distribution of a column's values in ten parts, and how far another sample has shifted.

The population stability index (Siddiqi, "Credit Risk Scorecards", 2006) is the symmetrised
Kullback-Leibler divergence of two histograms. For two samples of one distribution it is distributed
as chi-square times (1/n + 1/m) (Yurdakul, "Statistical Properties of Population Stability Index",
2018). That is subtracted here, so that the rest is shift, not chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64

from ae_pipeline.columns.rounding import rounded

_DECILES = np.arange(1, 10) / 10
#: Chi-square of ten degrees of freedom exceeds this once in a thousand times.
_CHANCE = 29.6
#: Added to the count of every part, so that none is empty (Jeffreys).
_PRIOR = 0.5
#: Counts that are a twentieth off shift nothing: an index is the sum of squares of such errors.
_COUNT_DIGITS = 2


@dataclass(frozen=True)
class Reference:
    """The distribution of a column at fit time, in few digits.

    Args:
        edges: distinct deciles, between the parts, rounded up by less than half way to the next.
        counts: values in each part, then missing values, to two digits.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def reference_of(values: Float64[np.ndarray, "rows"]) -> Reference:
    """Return the deciles of a sample and the values between them; NaN is missing."""
    present = values[np.isfinite(values)]
    with np.errstate(over="ignore", invalid="ignore"):  # between the extremes of float64
        deciles = np.quantile(present, _DECILES) if len(present) else np.zeros(0)
    edges = _short_edges(np.unique(deciles[np.isfinite(deciles)]))
    counts = _counts(values, edges)
    return Reference(edges, tuple(int(rounded(float(count), _COUNT_DIGITS)) for count in counts))


def stability_index(reference: Reference, values: Float64[np.ndarray, "rows"]) -> float:
    """Return the stability index of a sample, less what chance explains; 0 for no rows."""
    expected = np.array(reference.counts, np.float64)
    found = np.array(_counts(values, reference.edges), np.float64)
    if not found.sum() or not expected.sum():
        return 0.0
    chance = _CHANCE * (1.0 / found.sum() + 1.0 / expected.sum())
    before, after = _shares(expected), _shares(found)
    return max(0.0, float(((after - before) * np.log(after / before)).sum()) - chance)


def _short_edges(deciles: Float64[np.ndarray, "deciles"]) -> tuple[float, ...]:
    """Round deciles up to the digits that tell them apart; a value that is one stays below it."""
    edges = deciles.tolist()
    for place, (edge, following) in enumerate(pairwise(deciles.tolist())):
        short = _rounded_up(edge, (following - edge) / 4)
        edges[place] = short if edge <= short < following else edge
    return tuple(edges)


def _rounded_up(value: float, most: float) -> float:
    """Return a number of few digits that exceeds a value by less than twice `most`."""
    if not 0 < most < math.inf:
        return value
    places = -math.floor(math.log10(most))
    short = round(value, places)
    return short if short >= value else round(value + 10.0**-places, places)


def _counts(values: Float64[np.ndarray, "rows"], edges: tuple[float, ...]) -> tuple[int, ...]:
    """Count the values in each part, an edge belonging to the part below it; then missing ones."""
    present = values[np.isfinite(values)]
    parts = np.bincount(np.searchsorted(edges, present), minlength=len(edges) + 1)
    return (*parts.tolist(), len(values) - len(present))


def _shares(counts: Float64[np.ndarray, "parts"]) -> Float64[np.ndarray, "parts"]:
    smoothed = counts + _PRIOR
    shares: Float64[np.ndarray, "parts"] = smoothed / smoothed.sum()
    return shares
