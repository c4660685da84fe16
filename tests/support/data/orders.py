"""Orders of a shop: whole numbers, words and times that follow from each other; no float."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

CITIES = tuple(f"city {number}" for number in range(40))


def orders_table(
    seed: int, n_rows: int = 3000, cities: Sequence[str] = CITIES, *, adds_up: bool = True
) -> pa.Table:
    """Orders in the sequence of their times.

    Args:
        seed: of all that is drawn.
        n_rows: orders.
        cities: to choose from.
        adds_up: whether `total` is `price` and `tip`, if there is one; otherwise it is any number.
    """
    generator = np.random.default_rng(seed)
    seconds = np.cumsum(generator.integers(1, 9, n_rows)).astype("timedelta64[s]")
    price, tip = generator.integers(100, 5000, n_rows), generator.integers(0, 900, n_rows)
    has_tip = generator.random(n_rows) < 0.95
    total = price + tip * has_tip if adds_up else generator.integers(100, 5900, n_rows)
    columns = {
        "id": pa.array(np.arange(n_rows) + seed * n_rows),
        "at": pa.array(np.datetime64("2026-01-01T00:00:00", "ms") + seconds),
        "city": pa.array(generator.choice(cities, n_rows), pa.string()),
        "price": pa.array(price),
        "tip": pa.array(tip, mask=~has_tip),
        "total": pa.array(total),
        "is_paid": pa.array(generator.random(n_rows) < 0.9),
    }
    return pa.table(columns)


def random_keys(seed: int, n_rows: int) -> pa.Array:
    """Distinct numbers of 62 bits, in which there is nothing to learn."""
    generator = np.random.default_rng(seed)
    return pa.array(generator.integers(0, 1 << 62, n_rows))


def random_blobs(seed: int, n_rows: int) -> pa.Array:
    """Two hundred bytes of noise in each row."""
    generator = np.random.default_rng(seed)
    return pa.array([generator.bytes(200) for _ in range(n_rows)])
