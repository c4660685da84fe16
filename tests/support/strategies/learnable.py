"""Strategies for columns of every type that a network learns, and for tables of them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

_WIDTHS = (8, 16, 32, 64)
_DAY = {"ms": 86_400_000, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_TEXTS = ["", "a", "b", "é", "\0", "word" * 40, "ß" * 3]


def _numbers(low: int, high: int) -> st.SearchStrategy[int]:
    ends = st.sampled_from([low, low + 1, high - 1, high])
    return st.integers(max(low, -9), min(high, 9)) | ends | st.integers(low, high)


def _integers(width: int, *, signed: bool) -> st.SearchStrategy[int]:
    return _numbers(-(1 << width - 1) * signed, (1 << width - signed) - 1)


def _floats(width: int) -> st.SearchStrategy[float]:
    return st.floats(width=width) | st.sampled_from([0.0, 1.0, -1.0])


def _decimals(kind: pa.DataType) -> st.SearchStrategy[Decimal]:
    most = 10**kind.precision - 1
    return _numbers(-most, most).map(lambda units: Decimal(units).scaleb(-kind.scale))


#: A strategy of the values of each type that Parquet has; times are integers of their unit.
SCALARS: dict[pa.DataType, st.SearchStrategy[object]] = {
    **{pa.float16(): _floats(16), pa.float32(): _floats(32), pa.float64(): _floats(64)},
    **{getattr(pa, f"int{width}")(): _integers(width, signed=True) for width in _WIDTHS},
    **{getattr(pa, f"uint{width}")(): _integers(width, signed=False) for width in _WIDTHS},
    pa.bool_(): st.booleans(),
    pa.string(): st.sampled_from(_TEXTS) | st.text(max_size=3),
    pa.large_string(): st.sampled_from(_TEXTS),
    pa.dictionary(pa.int32(), pa.string()): st.sampled_from(_TEXTS),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(_TEXTS),
    pa.dictionary(pa.int32(), pa.large_string()): st.sampled_from(_TEXTS),
    **{kind: _decimals(kind) for kind in (pa.decimal128(15, 2), pa.decimal128(1, 0))},
    **{kind: _decimals(kind) for kind in (pa.decimal32(9, 9), pa.decimal64(15, 7))},
    pa.decimal256(15, 1): _decimals(pa.decimal256(15, 1)),
    **{pa.timestamp(unit): _integers(64, signed=True) for unit in ("ms", "us", "ns")},
    pa.timestamp("us", "Asia/Kathmandu"): _numbers(-(10**15), 10**15),
    pa.date32(): _integers(32, signed=True),
    pa.time32("ms"): _numbers(0, _DAY["ms"] - 1),
    **{pa.time64(unit): _numbers(0, _DAY[unit] - 1) for unit in ("us", "ns")},
}
#: Of vectors, the type of their numbers.
VECTORS: dict[pa.DataType, pa.DataType] = {
    pa.list_(pa.float32(), 2): pa.float32(),
    pa.list_(pa.float64(), 1): pa.float64(),
    pa.fixed_shape_tensor(pa.float32(), [2]): pa.float32(),
}


def to_array(values: list[object], kind: pa.DataType) -> pa.Array:
    """Values of `SCALARS`, of which times are integers, as a column."""
    if pa.types.is_temporal(kind):
        whole = pa.int64() if kind.bit_width == 64 else pa.int32()
        return pa.array(values, whole).cast(kind)
    if kind == pa.float16():
        values = [None if value is None else np.float16(value) for value in values]
    return pa.array(values, kind)


@st.composite
def scalar_columns(draw: st.DrawFn, kind: pa.DataType, n_rows: int) -> pa.Array:
    """Few or many values of one type, and nulls."""
    pool = draw(st.lists(SCALARS[kind], min_size=1, max_size=12))
    values: list[object] = [pool[place % len(pool)] for place in draw(_places(n_rows))]
    is_null = draw(
        st.just([False] * n_rows) | st.lists(st.booleans(), min_size=n_rows, max_size=n_rows)
    )
    return to_array([None if null else v for v, null in zip(values, is_null, strict=True)], kind)


@st.composite
def vector_columns(draw: st.DrawFn, kind: pa.DataType, n_rows: int) -> pa.Array:
    """Vectors without nulls among their numbers; some are null themselves."""
    stored = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    vector = st.lists(
        st.floats(width=32, allow_nan=False), min_size=stored.list_size, max_size=stored.list_size
    )
    rows = draw(st.lists(st.none() | vector, min_size=n_rows, max_size=n_rows))
    column = pa.array(rows, stored)
    return column if stored is kind else pa.ExtensionArray.from_storage(kind, column)


def learnable_columns(kind: pa.DataType, n_rows: int) -> st.SearchStrategy[pa.Array]:
    """A column of one of the types that a network learns."""
    return vector_columns(kind, n_rows) if kind in VECTORS else scalar_columns(kind, n_rows)


@st.composite
def learnable_tables(draw: st.DrawFn, n_tables: int = 2) -> list[pa.Table]:
    """Tables of one schema: kept and learnable columns; the first has rows."""
    kinds = draw(st.lists(st.sampled_from([*SCALARS, *VECTORS]), min_size=1, max_size=4))
    sizes = [draw(st.integers(1 if not n else 0, 30)) for n in range(n_tables)]
    fields = [pa.field(f"c{n}", kind, metadata={"n": str(n)}) for n, kind in enumerate(kinds)]
    schema = pa.schema([*fields, ("kept", pa.binary())], {"origin": "drawn"})
    return [
        pa.Table.from_arrays(
            [*(draw(learnable_columns(kind, size)) for kind in kinds), pa.array([b"k"] * size)],
            schema=schema,
        )
        for size in sizes
    ]


def _places(n_rows: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 11), min_size=n_rows, max_size=n_rows)
