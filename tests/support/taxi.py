"""Trips of a taxi: what a tolerance relative to the range flattens, as real tables hold it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

#: The one row that says so.
FARE_OUTLIER = 429_000.0
#: Where the sensor said nothing, in a fifth of the rows.
SENTINEL = -999.0
#: Columns that 1 % of their range flattens, in the order of the table.
FLATTENED = ("fare", "tip", "distance", "total", "surcharge", "sensor", "rainfall", "late_s")
#: Columns of floats in which 1 % of the range leaves every value told apart enough.
KEPT = ("passengers", "is_shared", "meter", "pickup_x", "flat", "unknown")


def taxi_table(n_rows: int = 5000, seed: int = 0) -> pa.Table:
    """Heavy tails, cents, a sentinel, rare events, a counter and one fare of 429,000 dollars.

    Args:
        n_rows: at least 1; row `n_rows // 3` has the fare that is wrong.
        seed: of all that is drawn.
    """
    generator = np.random.default_rng(seed)
    start = np.datetime64("2026-01-01T00:00:00", "us")
    seconds = np.sort(generator.integers(0, 86_400 * 31, n_rows)).astype("timedelta64[s]")
    columns = {
        "trip": pa.array(np.arange(n_rows), pa.int64()),
        "at": pa.array(start + seconds),
        "payment": pa.array(generator.choice(["card", "cash", "none"], n_rows)).dictionary_encode(),
        **_money(generator, n_rows),
        **_measured(generator, n_rows),
    }
    return pa.table(columns)


def _money(generator: np.random.Generator, n_rows: int) -> dict[str, pa.Array]:
    """Whole cents. Most tips are none, and one fare is what a keyboard made of it."""
    distance = np.round(generator.lognormal(0.7, 0.9, n_rows), 2)
    fare = np.round(2.5 + 2.5 * distance + generator.gamma(2.0, 1.0, n_rows), 2)
    fare[n_rows // 3] = FARE_OUTLIER
    has_tip = generator.random(n_rows) < 0.4
    tip = np.where(has_tip, np.round(0.2 * np.minimum(fare, 80.0), 2), 0.0)
    is_unknown = generator.random(n_rows) < 0.05
    tip[n_rows // 2], is_unknown[n_rows // 2] = 5_000.0, False
    distance[n_rows // 4] = 90_000.5
    surcharge = _rare(generator, n_rows, 0.02, generator.choice([0.5, 1.0, 2.5], n_rows))
    surcharge[n_rows // 5] = 900.0
    return {
        "fare": pa.array(fare),
        "tip": pa.array(tip, mask=is_unknown),
        "distance": pa.array(distance),
        "total": pa.array(np.round(fare + tip + surcharge, 2)),
        "surcharge": pa.array(surcharge),
    }


def _measured(generator: np.random.Generator, n_rows: int) -> dict[str, pa.Array]:
    """Counters, flags and places as floats; a sensor with a sentinel; events that are rare."""
    sensor = np.round(generator.normal(3.0, 0.4, n_rows), 2)
    sensor[generator.random(n_rows) < 0.2] = SENTINEL
    rainfall = _rare(generator, n_rows, 0.01, np.round(generator.gamma(2.0, 0.1, n_rows), 2))
    rainfall[n_rows // 6] = 400.0
    late = np.round(generator.pareto(0.5, n_rows), 1)
    late[n_rows // 7] = 1e9
    return {
        "passengers": pa.array(generator.integers(1, 7, n_rows).astype(np.float64)),
        "is_shared": pa.array((generator.random(n_rows) < 0.01).astype(np.float32)),
        "meter": pa.array(1e5 + np.cumsum(generator.gamma(2.0, 1.0, n_rows))),
        "pickup_x": pa.array(np.round(generator.normal(-73.97, 0.03, n_rows), 6)),
        "sensor": pa.array(sensor, pa.float32()),
        "rainfall": pa.array(rainfall),
        "late_s": pa.array(late),
        "flat": pa.array(np.full(n_rows, 0.5)),
        "unknown": pa.nulls(n_rows, pa.float64()),
    }


def _rare(
    generator: np.random.Generator, n_rows: int, share: float, values: Float64[np.ndarray, "rows"]
) -> Float64[np.ndarray, "rows"]:
    return np.where(generator.random(n_rows) < share, values, 0.0)
