"""Arrays of every scalar type for hypothesis: nulls, slices, odd bits, extremes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from ae_pipeline.mapping.raw import from_raw, from_words, raw_kind, to_raw, with_nulls

INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
UNSIGNED = [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
TIMES = [
    pa.date32(),
    pa.date64(),
    pa.time32("s"),
    pa.time32("ms"),
    pa.time64("us"),
    pa.time64("ns"),
    *(pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")),
    pa.timestamp("us", tz="Europe/Berlin"),
    *(pa.duration(unit) for unit in ("s", "ms", "us", "ns")),
]
FLOATS = [pa.float16(), pa.float32(), pa.float64()]
DECIMALS = [
    pa.decimal32(9, 2),
    pa.decimal64(18, 4),
    pa.decimal128(20, 2),
    pa.decimal128(38, -3),
    pa.decimal256(50, 10),
]
SCALARS = [pa.bool_(), *INTEGERS, *UNSIGNED, *TIMES, *FLOATS, *DECIMALS]


def same_bits(one: pa.Array, other: pa.Array) -> bool:
    """Whether two arrays have one type, the same nulls and values of the same bits."""
    if one.type != other.type or not one.is_valid().equals(other.is_valid()):
        return False
    if pa.types.is_floating(one.type):
        return bool((to_raw(one.drop_null()) == to_raw(other.drop_null())).all())
    return bool(one.equals(other))


def _raw(kind: pa.DataType) -> st.SearchStrategy[int]:
    """Bits as a signed integer: small ones, any, and those that are round in decimals."""
    if pa.types.is_boolean(kind):
        return st.integers(0, 1)
    if pa.types.is_decimal(kind):
        most = 10**kind.precision - 1
        return st.integers(-most, most) | st.integers(-999, 999)
    bounds = np.iinfo(raw_kind(kind))
    anything = st.integers(int(bounds.min), int(bounds.max))
    small = st.integers(-100, 100)
    if pa.types.is_floating(kind):
        floats = np.dtype(f"<f{kind.bit_width // 8}")
        numbers = small.map(lambda whole: int(np.array([whole / 10], floats).view(bounds.dtype)[0]))
        special = st.sampled_from([np.nan, -np.nan, np.inf, -np.inf, -0.0, 0.0]).map(
            lambda value: int(np.array([value], floats).view(bounds.dtype)[0])
        )
        return numbers | numbers | special | anything
    return (
        small
        | small.map(lambda few: max(min(5 * few, int(bounds.max)), int(bounds.min)))
        | anything
    )


def _of_raw(raw: list[int], kind: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(kind):
        return pa.array(np.array(raw, bool), kind)
    if kind.bit_width <= 64:
        return from_raw(np.array(raw, raw_kind(kind)), kind)
    n_words = kind.bit_width // 64
    content = b"".join(value.to_bytes(8 * n_words, "little", signed=True) for value in raw)
    return from_words(np.frombuffer(content, np.int64).reshape(-1, n_words), kind)


@st.composite
def arrays(draw: st.DrawFn, kind: pa.DataType, most: int = 40) -> pa.Array:
    """Draw an array of a type: some with nulls, some a slice of a longer one."""
    values = st.lists(_raw(kind), max_size=most)
    few = st.lists(
        st.sampled_from(draw(st.lists(_raw(kind), min_size=1, max_size=3))), max_size=most
    )
    raw = draw(values | few)
    if draw(st.booleans()):
        raw = raw * draw(st.integers(1, 30))
    array = _of_raw(raw, kind)
    if raw and draw(st.booleans()):
        share = draw(st.sampled_from([0.02, 0.5, 1.0]))
        generator = np.random.default_rng(draw(st.integers(0, 9)))
        is_valid = generator.random(len(raw)) >= share
        array = with_nulls(array.filter(pa.array(is_valid)), is_valid)
    return array.slice(draw(st.integers(0, min(3, len(array)))))
