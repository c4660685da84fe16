"""Per-column statistics of a stream of rows: mergeable, one pass, bounded memory.

Moments are exact over all rows seen (Chan, Golub and LeVeque 1979, pairwise update); quantiles
come from a uniform row sample kept by smallest random priority, which merges without bias.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Int64, Shaped

#: Priorities below the threshold differ from those expected by this many standard deviations.
_SAFE_DEVIATIONS = 8.0
#: Values the row sample may hold; 32 MiB of float64 whatever the number of columns.
_SAMPLE_VALUES = 1 << 22
_SAMPLE_ROWS = 1 << 14


@dataclass
class ColumnStatistics:
    """Statistics of each column over the rows seen so far.

    Missing means null, NaN or infinite; `minimum` and `maximum` are NaN where all values are.
    """

    n_rows: int
    count: Int64[np.ndarray, "features"]
    mean: Float64[np.ndarray, "features"]
    m2: Float64[np.ndarray, "features"]
    minimum: Float64[np.ndarray, "features"]
    maximum: Float64[np.ndarray, "features"]
    sample: Float64[np.ndarray, "rows features"] = field(repr=False)
    priorities: Float64[np.ndarray, "rows"] = field(repr=False)

    @classmethod
    def empty(cls, n_features: int) -> ColumnStatistics:
        """Return the statistics of no rows."""
        nothing = np.full(n_features, np.nan)
        return cls(
            n_rows=0,
            count=np.zeros(n_features, np.int64),
            mean=np.zeros(n_features),
            m2=np.zeros(n_features),
            minimum=nothing,
            maximum=nothing.copy(),
            sample=np.empty((0, n_features)),
            priorities=np.empty(0),
        )

    @property
    def n_missing(self) -> Int64[np.ndarray, "features"]:
        """Rows without a finite value, per column."""
        return self.n_rows - self.count

    @property
    def std(self) -> Float64[np.ndarray, "features"]:
        """Population standard deviation; exactly 0 without values and for a constant.

        The mean of a thousand times 0.1 is not 0.1, and `m2` then holds rounding noise.
        """
        std: Float64[np.ndarray, "features"] = np.sqrt(self.m2 / np.maximum(self.count, 1))
        std[self.minimum == self.maximum] = 0.0
        return std

    def joined(self, numbers: range) -> ColumnStatistics:
        """Return the statistics of all values of these lanes as one column.

        Its sample is that of single values, so rows and priorities mean nothing.
        """
        chosen = slice(numbers.start, numbers.stop)
        count = self.count[chosen]
        total = np.maximum(count.sum(keepdims=True), 1)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = (self.mean[chosen] * (count / total)).sum(keepdims=True)
            apart = (count * (self.mean[chosen] - mean) ** 2).sum(keepdims=True)
            m2 = self.m2[chosen].sum(keepdims=True) + apart
        sample = np.ascontiguousarray(self.sample[:, chosen]).reshape(-1, 1)
        return ColumnStatistics(
            n_rows=self.n_rows * len(numbers),
            count=count.sum(keepdims=True),
            mean=mean,
            m2=m2,
            minimum=np.fmin.reduce(self.minimum[chosen], keepdims=True),
            maximum=np.fmax.reduce(self.maximum[chosen], keepdims=True),
            sample=sample,
            priorities=np.zeros(len(sample)),
        )

    def placed(self, places: Sequence[int | None]) -> ColumnStatistics:
        """Return columns in another order: of these numbers, or without a value for None."""
        numbers = np.array([-1 if place is None else place for place in places], np.int64)
        is_absent = numbers < 0
        sample = np.where(is_absent, np.nan, _taken(self.sample, numbers))
        count, mean, m2, minimum, maximum = (
            np.where(is_absent, nothing, _taken(column, numbers))
            for column, nothing in (
                (self.count, 0),
                (self.mean, 0.0),
                (self.m2, 0.0),
                (self.minimum, np.nan),
                (self.maximum, np.nan),
            )
        )
        return ColumnStatistics(
            self.n_rows, count, mean, m2, minimum, maximum, sample, self.priorities
        )

    def merge(self, other: ColumnStatistics) -> ColumnStatistics:
        """Return the statistics of the rows of both; their order does not matter."""
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            delta = other.mean - self.mean
            mean = self.mean + delta * share
            # In this order nothing overflows if one side is empty.
            m2 = self.m2 + other.m2 + delta * (self.count * share) * delta
        sample, priorities = _smallest(
            np.concatenate([self.sample, other.sample]),
            np.concatenate([self.priorities, other.priorities]),
        )
        return ColumnStatistics(
            n_rows=self.n_rows + other.n_rows,
            count=count,
            mean=mean,
            m2=m2,
            minimum=np.fmin(self.minimum, other.minimum),
            maximum=np.fmax(self.maximum, other.maximum),
            sample=sample,
            priorities=priorities,
        )


def measure(
    values: Float64[np.ndarray, "features rows"],
    generator: np.random.Generator,
    threshold: float = 1.0,
) -> ColumnStatistics:
    """Measure one block; NaN stands for missing.

    Args:
        values: feature-major values, finite or NaN.
        generator: draws the row sample's priorities.
        threshold: as `priority_threshold` returns it; rows of larger priorities are not sampled.
    """
    is_present = ~np.isnan(values)
    count = is_present.sum(axis=1)
    is_empty = count == 0
    safe = np.maximum(count, 1)
    # The extremes of float64 overflow here; `standardization` then measures the sample instead.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(is_empty, 0.0, np.nansum(values, axis=1) / safe)
        m2 = ((values - mean[:, None]) ** 2).sum(axis=1, where=is_present)
    missing_row = np.full(len(values), np.nan)
    minimum = np.fmin.reduce(values, axis=1, initial=np.nan) if values.size else missing_row
    maximum = np.fmax.reduce(values, axis=1, initial=np.nan) if values.size else missing_row
    priorities = generator.random((values.shape[1],))
    chosen = np.flatnonzero(priorities < threshold)
    sample, priorities = _smallest(values[:, chosen].T, priorities[chosen])
    return ColumnStatistics(
        n_rows=values.shape[1],
        count=count,
        mean=mean,
        m2=m2,
        minimum=minimum,
        maximum=maximum,
        sample=sample,
        priorities=priorities,
    )


def _taken(
    columns: Shaped[np.ndarray, "*rows features"], numbers: Int64[np.ndarray, "places"]
) -> Shaped[np.ndarray, "*rows places"]:
    """Take columns by number; whatever stands for -1 is replaced by the caller."""
    if not columns.shape[-1]:
        return np.zeros((*columns.shape[:-1], len(numbers)), columns.dtype)
    return columns[..., numbers]


def priority_threshold(n_rows: int, n_features: int) -> float:
    """Return a priority below which there are hardly more rows than a sample may hold, nor fewer.

    Parts of a stream that keep no rows above it hold hardly more than one sample together.

    Args:
        n_rows: of the whole stream.
        n_features: of each row.
    """
    limit = _most_rows(n_features)
    wanted = limit + _SAFE_DEVIATIONS * math.sqrt(limit) + _SAFE_DEVIATIONS**2
    return min(1.0, wanted / max(n_rows, 1))


def _most_rows(n_features: int) -> int:
    return max(1, min(_SAMPLE_ROWS, _SAMPLE_VALUES // max(n_features, 1)))


def _smallest(
    rows: Float64[np.ndarray, "rows features"], priorities: Float64[np.ndarray, "rows"]
) -> tuple[Float64[np.ndarray, "kept features"], Float64[np.ndarray, "kept"]]:
    """Return the rows of smallest priority, as many as the sample may hold."""
    limit = _most_rows(rows.shape[1])
    if len(rows) <= limit:
        return np.ascontiguousarray(rows), priorities
    chosen = np.argpartition(priorities, limit - 1)[:limit]
    return rows[chosen], priorities[chosen]
