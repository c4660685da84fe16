"""Cycles of points in time: the hour of the day, the day of the week, the season.

A cycle is two inputs of a network, the cosine and the sine of its phase, beside the position. Days
and weeks are those of UTC, or of a column without a zone those of its own clock. A year has
365.2425 days, so that its phase needs no calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Float64
from pyarrow import types

from ae_pipeline.columns import ColumnStatistics

#: Inputs of one cycle.
WIDTH = 2
_DAYS: Mapping[str, float] = {"day": 1.0, "week": 7.0, "year": 365.2425}
_UNITS_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
#: Periods that a column covers, at least, before their phase says more than its position.
_LEAST_PERIODS = 2.0
#: Variance of the phase, of at most 1; less is a column of midnights, say.
_LEAST_VARIANCE = 0.01


@dataclass(frozen=True)
class Cycle:
    """A period that returns.

    Args:
        name: `day`, `week` or `year`.
        period: in units of the column.
    """

    name: str
    period: float

    def expand(self, values: Float64[np.ndarray, "rows"]) -> Float32[np.ndarray, "rows two"]:
        """Return cosine and sine of the phase, of unit variance where phases are uniform.

        Args:
            values: in units of the column since its epoch, or since midnight; NaN where missing.
        """
        phases = np.mod(values, self.period) * (2 * np.pi / self.period)
        both = np.stack([np.cos(phases), np.sin(phases)], axis=1)
        return (np.sqrt(2.0) * both).astype(np.float32)


def possible_cycles(kind: pa.DataType) -> dict[str, Cycle]:
    """Return the cycles that a column of this type may have, by name; none unless it is of time."""
    if types.is_date(kind):
        unit = 1 if types.is_date32(kind) else _UNITS_PER_DAY["ms"]
        names = ["week", "year"]
    elif types.is_timestamp(kind) or types.is_time(kind):
        unit = _UNITS_PER_DAY[kind.unit]
        names = ["day"] if types.is_time(kind) else list(_DAYS)
    else:
        return {}
    return {name: Cycle(name, _DAYS[name] * unit) for name in names}


def choose_cycles(kind: pa.DataType, statistics: ColumnStatistics) -> tuple[Cycle, ...]:
    """Choose the cycles of a column that its range covers twice, and that its values tell apart.

    The day counts for every column of times of day.

    Args:
        kind: type of the column.
        statistics: of the column alone.
    """
    if not statistics.count[0] or statistics.minimum[0] == statistics.maximum[0]:
        return ()
    span = statistics.maximum[0] - statistics.minimum[0]
    values = statistics.sample[:, 0]
    return tuple(
        cycle
        for cycle in possible_cycles(kind).values()
        if (types.is_time(kind) or span >= _LEAST_PERIODS * cycle.period)
        and _variance(cycle, values[~np.isnan(values)]) >= _LEAST_VARIANCE
    )


def _variance(cycle: Cycle, values: Float64[np.ndarray, "rows"]) -> float:
    if not len(values):
        return 0.0
    return float(cycle.expand(values).astype(np.float64).var(axis=0).mean())
