"""Measure the spread of a column's ordinary values, which relative tolerances refer to.

One fare of 429,000 dollars, or the -999 that stands for a broken sensor, must not decide how
coarsely all other values are rounded. The spread is measured on the statistics' row sample, except
for the extremes, so it merges and takes one pass.
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
#: A value in more than this share of the rows says nothing about the spread of the others.
_FREQUENT = 0.05
#: A column of so few distinct values has no spread; stored exactly, it takes as little.
MOST_LEVELS = 16
#: The fewest values beside the frequent ones that are measured alone.
_LEAST_VALUES = 8
#: A spread is at most this many standard deviations of the ordinary values.
_MOST_DEVIATIONS = 10.0
#: How often a value outside the fences occurs in the sample if it is a fill value, and the most
#: fill values of a column.
_REPEATED, _MOST_FILL_VALUES = 2, 16


@dataclass(frozen=True)
class Spread:
    """The reach of a column's ordinary values, and the values that stand apart.

    Args:
        width: the smaller one of maximum - minimum and 10 standard deviations of the ordinary
            values; 0 in a column of hardly any distinct values.
        low: the least ordinary value.
        high: the largest ordinary value.
        usual: the most frequent value, if it fills more than a twentieth of the rows, or None.
        fill_values: values far from the ordinary ones that many rows share.
    """

    width: float
    low: float
    high: float
    usual: float | None = None
    fill_values: tuple[float, ...] = ()


_NOTHING = Spread(0.0, np.nan, np.nan)


def measure_spread(statistics: ColumnStatistics, index: int) -> Spread:
    """Measure the spread of one column of the statistics."""
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
    """Return the bounds of ordinary values, measured without the frequent ones if others are left.

    If few are left, or most of them are one value, every distinct value counts once.
    """
    is_rare = counts <= _FREQUENT * counts.sum()
    lower = upper = float(values[0])
    if is_rare.sum() >= _LEAST_VALUES:
        lower, upper = quartiles(values[is_rare], counts[is_rare])
    if lower == upper:
        lower, upper = quartiles(values, np.ones_like(counts))
    return fences(lower, upper, _FENCE)


def _deviation(values: Float64[np.ndarray, "levels"], counts: Int64[np.ndarray, "levels"]) -> float:
    """Return the standard deviation of counted values, safe up to 1e308."""
    largest = float(np.abs(values).max())
    scaled = values / largest if largest else values
    mean = np.average(scaled, weights=counts)
    return float(np.sqrt(np.average((scaled - mean) ** 2, weights=counts))) * (largest or 1.0)


def _fill_values(
    values: Float64[np.ndarray, "levels"],
    counts: Int64[np.ndarray, "levels"],
    is_ordinary: Bool[np.ndarray, "levels"],
) -> tuple[float, ...]:
    """Return the most frequent of the values that lie far out and repeat."""
    is_fill = ~is_ordinary & (counts >= _REPEATED)
    order = np.argsort(-counts[is_fill], kind="stable")[:_MOST_FILL_VALUES]
    return tuple(sorted(values[is_fill][order].tolist()))
