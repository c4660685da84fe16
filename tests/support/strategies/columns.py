"""Strategies for columns of every type: numbers, and what an archive copies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tests.support.data.tables import FLOATS, INTEGERS
from tests.support.strategies.values import bit_patterns, largest_up_to

_WORDS = pa.dictionary(pa.int32(), pa.string())
_INSTANTS = [datetime(1969, 12, 31, 23, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]
#: A few values of each type that is no feature; nulls are added.
KEPT: dict[pa.DataType, list[object]] = {
    pa.bool_(): [True, False],
    pa.null(): [],
    pa.string(): ["", "é", "word" * 40, "\0"],
    pa.large_string(): ["a", "bc"],
    pa.binary(): [b"", b"\xff\0"],
    pa.binary(2): [b"ab", b"\0\0"],
    pa.date32(): [date(1, 1, 1), date(9999, 12, 31)],
    pa.time64("us"): [0, 86_399_999_999],
    pa.duration("us"): [timedelta(days=-1), timedelta(0)],
    pa.timestamp("us"): [datetime(1, 1, 1), datetime(2026, 1, 1)],
    pa.timestamp("us", "UTC"): [*_INSTANTS],
    pa.timestamp("ms", "Asia/Kathmandu"): [*_INSTANTS],
    pa.timestamp("ns", "+05:30"): [1, -(1 << 62)],
    pa.decimal128(38, 9): [Decimal("-1.000000001"), Decimal(10) ** 28],
    pa.decimal256(50, 2): [Decimal("1e47"), Decimal(0)],
    _WORDS: ["a", "b", "c", "é"],
    pa.dictionary(pa.int8(), pa.large_binary()): [b"a", b""],
    pa.list_(_WORDS): [[], ["a"], ["b", None, "c"]],
    pa.struct([("word", _WORDS), ("deep", pa.list_(_WORDS))]): [
        {"word": "a", "deep": ["x", "y"]},
        {"word": None, "deep": None},
    ],
    pa.map_(pa.string(), _WORDS): [[("k", "a"), ("l", None)], []],
    pa.list_(pa.float32()): [[], [np.nan, -0.0], [None, np.inf]],
    pa.list_(pa.float64(), 2): [[1.0, np.nan], [-0.0, None]],
    pa.struct([("half", pa.float16()), ("count", pa.uint64())]): [
        {"half": np.float16(np.nan), "count": (1 << 64) - 1},
        {"half": None, "count": None},
    ],
}


@st.composite
def numeric_columns(draw: st.DrawFn, n_rows: int) -> pa.Array:
    """Numbers of any type: few or many different bit patterns, smooth, constant or one outlier."""
    kind = draw(st.sampled_from((*FLOATS, *INTEGERS)))
    dtype = np.dtype(kind.to_pandas_dtype())
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.sampled_from(["palette", "bits", "smooth", "outlier"]))
    if shape == "palette":
        choice = draw(st.lists(bit_patterns(dtype), min_size=1, max_size=6))
        values = np.array(choice, f"u{dtype.itemsize}")[
            generator.integers(len(choice), size=n_rows)
        ]
    elif shape == "bits":
        values = np.frombuffer(generator.bytes(n_rows * dtype.itemsize), dtype)
    elif shape == "smooth":
        values = np.clip(50 + np.cumsum(generator.normal(size=n_rows)), 0, 100).astype(dtype)
    else:
        values = np.ones(n_rows, dtype)
        values[n_rows // 2 : n_rows // 2 + 1] = largest_up_to(dtype, 1e30)
    return with_nulls(draw, generator, pa.array(values.view(dtype), kind))


@st.composite
def kept_columns(draw: st.DrawFn, n_rows: int) -> pa.Array:
    """Columns of any type but numbers."""
    kind = draw(st.sampled_from(list(KEPT)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = KEPT[kind] or [None]
    values = [pool[choice] for choice in generator.integers(len(pool), size=n_rows)]
    return with_nulls(draw, generator, pa.array(values, kind))


def with_nulls(draw: st.DrawFn, generator: np.random.Generator, array: pa.Array) -> pa.Array:
    """The column with no, some or only nulls."""
    share = draw(st.sampled_from([0.0, 0.0, 0.2, 1.0]))
    is_null = generator.random(len(array)) < share
    return array.take(pa.array(np.arange(len(array)), mask=is_null)) if is_null.any() else array
