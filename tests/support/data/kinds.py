"""A table whose columns are of every kind, all told by one number."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa

N_ROWS = 300


def kinds_table(seed: int, words: tuple[str, ...] = ("low", "high"), constant: int = 7) -> pa.Table:
    """Rows of numbers, categories, times, decimals, vectors, a constant and a key of text.

    Args:
        seed: of the numbers.
        words: values of the column of strings, in turn.
        constant: value of every other row of the column of 7.
    """
    x = np.random.default_rng(seed).normal(size=N_ROWS)
    rows = range(N_ROWS)
    return pa.table(
        {
            "x": x,
            "count": pa.array((100 * x).astype(np.int32)),
            "few": pa.array((x > 0).astype(np.int8) + (x > 1)),
            "flag": pa.array([None if row % 7 == 0 else bool(x[row] > 0) for row in rows]),
            "word": pa.array([None if row % 5 == 0 else words[row % len(words)] for row in rows]),
            "entry": pa.array(np.where(x > 0, "p", "q")).dictionary_encode(),
            "at": pa.array((1.6e15 + 1e12 * x).astype(np.int64), pa.timestamp("us", "UTC")),
            "day": pa.array((19_000 + 100 * x).astype(np.int32), pa.date32()),
            "price": pa.array(
                [Decimal(int(1000 * one)).scaleb(-2) for one in x], pa.decimal128(9, 2)
            ),
            "point": pa.array(np.stack([x, 2 * x], axis=1).tolist(), pa.list_(pa.float32(), 2)),
            "constant": pa.array([constant if row % 2 else 7 for row in rows]),
            "name": pa.array([f"{seed}-{row}" for row in rows]),
        }
    )
