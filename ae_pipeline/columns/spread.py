"""How far the ordinary values of a column reach: what a relative tolerance is relative to.

One fare of 429,000 dollars, or the -999 that stands for a broken sensor, must not decide how
coarsely all other values are rounded. Everything is told from the statistics' row sample, extremes
apart, so it merges and takes one pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from ae_pipeline.columns.quartiles import fences, quartiles
from ae_pipeline.columns.statistics import ColumnStatistics

#: Quartile ranges beyond the quartiles at which values stop being ordinary: more than the 1.5 and 3
#: of Tukey, since skewed columns reach far.
_FENCE = 12.0
#: A value of more than this share of the rows says nothing of how far the others reach.
_FREQUENT = 0.05
#: With so few different values seen a column has no spread, and costs as little exactly.
MOST_LEVELS = 16
#: Others than the frequent values must be so many to be measured by themselves.
_LEAST_VALUES = 8
#: A spread is at most so many standard deviations of the ordinary values.
_MOST_DEVIATIONS = 10.0
#: Values outside of the fences that are seen so often in the sample stand for something.
_REPEATED, _MOST_FILL_VALUES = 2, 16


@dataclass(frozen=True)
class Spread:
    """How far a column's ordinary values reach, and which values stand apart.

    Args:
        width: the smaller one of maximum - minimum and 10 standard deviations of the ordinary
            values; 0 in a column of hardly any different values.
        low: the least ordinary value.
        high: the largest ordinary value.
        usual: the most frequent value, if it is more than a twentieth of the rows, or None.
        fill_values: values far from the ordinary ones that many rows share.
    """

    width: float
    low: float
    high: float
    usual: float | None = None
    fill_values: tuple[float, ...] = ()


_NOTHING = Spread(0.0, np.nan, np.nan)


def measure_spread(statistics: ColumnStatistics, index: int) -> Spread:
    """The spread of one column of the statistics."""
    sample = statistics.sample[:, index]
    values, counts = np.unique(sample[np.isfinite(sample)], return_counts=True)
    if not len(values):
        return _NOTHING
    usual = _usual(values, counts)
    low, high = float(statistics.minimum[index]), float(statistics.maximum[index])
    if len(values) <= MOST_LEVELS:
        return Spread(0.0, low, high, usual)
    first, last = _fences(values, counts)
    is_ordinary = (values >= first) & (values <= last)
    ordinary, weights = values[is_ordinary], counts[is_ordinary]
    low = low if low >= first else float(ordinary[0])
    high = high if high <= last else float(ordinary[-1])
    with np.errstate(over="ignore", invalid="ignore"):
        width = min(high - low, _MOST_DEVIATIONS * _deviation(ordinary, weights))
    return Spread(
        width=width if np.isfinite(width) else 0.0,
        low=low,
        high=high,
        usual=usual,
        fill_values=_fill_values(values, counts, is_ordinary),
    )


def _usual(
    values: Float64[np.ndarray, "levels"], counts: Int64[np.ndarray, "levels"]
) -> float | None:
    most = int(counts.argmax())
    return float(values[most]) if counts[most] > _FREQUENT * counts.sum() else None


def _fences(
    values: Float64[np.ndarray, "levels"], counts: Int64[np.ndarray, "levels"]
) -> tuple[float, float]:
    """Between which values are ordinary: measured without the frequent ones where others are left.

    Where few are left, or most of them are one value, every different value counts once.
    """
    is_rare = counts <= _FREQUENT * counts.sum()
    lower = upper = float(values[0])
    if is_rare.sum() >= _LEAST_VALUES:
        lower, upper = quartiles(values[is_rare], counts[is_rare])
    if lower == upper:
        lower, upper = quartiles(values, np.ones_like(counts))
    return fences(lower, upper, _FENCE)


def _deviation(values: Float64[np.ndarray, "levels"], counts: Int64[np.ndarray, "levels"]) -> float:
    """Standard deviation of values seen so often, safe up to 1e308."""
    largest = float(np.abs(values).max())
    scaled = values / largest if largest else values
    mean = np.average(scaled, weights=counts)
    return float(np.sqrt(np.average((scaled - mean) ** 2, weights=counts))) * (largest or 1.0)


def _fill_values(
    values: Float64[np.ndarray, "levels"],
    counts: Int64[np.ndarray, "levels"],
    is_ordinary: Bool[np.ndarray, "levels"],
) -> tuple[float, ...]:
    """The most frequent ones of those that are far out and repeated."""
    is_fill = ~is_ordinary & (counts >= _REPEATED)
    order = np.argsort(-counts[is_fill], kind="stable")[:_MOST_FILL_VALUES]
    return tuple(sorted(values[is_fill][order].tolist()))
