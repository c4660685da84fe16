"""Columns become arrays by kind, and what a method did not decode is told apart."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from benchmarks.latents.exchange import UNKNOWN
from benchmarks.latents.kinds import Kinds

TABLE = pa.table(
    {
        "count": pa.array([1, None, 3], pa.int32()),
        "when": pa.array(
            [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)] * 3, pa.timestamp("ms", "UTC")
        ),
        "town": ["a", None, "b"],
        "is_open": [True, False, None],
        "note": ["x y", "z", ""],
        "vector": pa.array([[1.0, 2.0]] * 3, pa.list_(pa.float32(), 2)),
    }
)
KINDS = Kinds.of(TABLE, ("note",))


def test_columns_have_kinds_by_type() -> None:
    """Integers and times are numbers, strings and booleans categories, lists vectors."""
    assert KINDS.numbers == ("count", "when")
    assert tuple(KINDS.categories) == ("town", "is_open")
    assert KINDS.vectors == ("vector",)


def test_missing_values_stay_apart() -> None:
    """A missing number is NaN, and a missing category has a code of its own."""
    assert np.array_equal(
        KINDS.numbers_of(TABLE), [[1, 1000], [np.nan, 1000], [3, 1000]], equal_nan=True
    )
    assert KINDS.categories_of(TABLE).tolist() == [[0, 0], [2, 1], [1, 2]]


def test_what_was_not_decoded_is_told() -> None:
    """Columns that are lacking and values that are new are neither numbers nor codes."""
    decoded = pa.table({"town": ["b", "new", "a"]})
    assert np.isnan(KINDS.numbers_of(decoded)).all()
    assert KINDS.categories_of(decoded).tolist() == [[1, UNKNOWN], [UNKNOWN] * 2, [0, UNKNOWN]]
    assert KINDS.vectors_of(decoded).shape == (3, 0)
