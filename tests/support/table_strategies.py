"""Strategies for whole tables: feature columns of every type beside kept columns of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tests.support.tables import FLOATS, INTEGERS

NAMES = ("x", "X", "a b", "a.b", "é🙂", "", "*", "[0]", "day", "x.list.element", "1", "key=value")
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


@dataclass(frozen=True)
class Sample:
    """A table, the names of its feature columns, and how it is written."""

    table: pa.Table
    features: tuple[str, ...]
    row_group_size: int
    use_dictionary: bool


@st.composite
def samples(draw: st.DrawFn, max_rows: int = 60) -> Sample:
    """Tables of one to six feature columns among kept ones, in any order."""
    n_rows = draw(st.integers(0, max_rows))
    numeric = draw(st.lists(numeric_columns(n_rows), min_size=1, max_size=6))
    other = draw(st.lists(kept_columns(n_rows), max_size=4))
    names = draw(st.permutations(NAMES))
    n_features = draw(st.integers(1, len(numeric)))  # the rest of the numbers is kept
    arrays = dict(zip(names, [*numeric, *other], strict=False))
    order = draw(st.permutations(list(arrays)))
    fields = [draw(fields_of(name, arrays[name])) for name in order]
    metadata = draw(st.sampled_from([None, {"origin": "test", "": "\n"}]))
    return Sample(
        pa.table([arrays[name] for name in order], pa.schema(fields, metadata)),
        tuple(name for name in order if name in names[:n_features]),
        draw(st.sampled_from([1, 2, 7, 20, 1000])),
        draw(st.booleans()),
    )


@st.composite
def fields_of(draw: st.DrawFn, name: str, array: pa.Array) -> pa.Field:
    """The field of a column: with metadata or without, not nullable if it can be."""
    is_nullable = array.null_count > 0 or array.type == pa.null() or draw(st.booleans())
    metadata = draw(st.sampled_from([None, {"unit": "kPa", "é": ""}]))
    return pa.field(name, array.type, is_nullable, metadata)


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


def bit_patterns(dtype: np.dtype) -> st.SearchStrategy[int]:
    """Any bits of a number, its extremes, zeros and NaN with payloads more often than others."""
    n_bits = 8 * dtype.itemsize
    edges = [0, 1, (1 << n_bits) - 1, 1 << (n_bits - 1), (1 << (n_bits - 1)) - 1]
    if dtype.kind == "f":
        floats = [1.0, -1.0, np.inf, -np.inf, np.nan, largest_up_to(dtype, 1e308), 0.1]
        edges += np.array(floats, dtype).view(f"u{dtype.itemsize}").tolist()
    return st.sampled_from(edges) | st.integers(0, (1 << n_bits) - 1)


def largest_up_to(dtype: np.dtype, limit: float) -> float | int:
    """The limit itself, or the largest number of a type that cannot hold it."""
    if dtype.kind == "f":
        return min(limit, float(np.finfo(dtype).max))
    return int(min(limit, np.iinfo(dtype).max))


@st.composite
def kept_columns(draw: st.DrawFn, n_rows: int) -> pa.Array:
    """Columns of any type that is no number."""
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
