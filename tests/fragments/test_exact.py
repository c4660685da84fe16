"""Columns that must come back as they were: what counts as the same bits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.fragments.exact import same_bits
from tests.support.table_strategies import kept_columns, numeric_columns

FLOATS = [(pa.float16(), np.uint16), (pa.float32(), np.uint32), (pa.float64(), np.uint64)]


def nan_with_payload(kind: pa.DataType, bits: type[np.unsignedinteger], payload: int) -> pa.Array:
    """One NaN whose payload is a number."""
    nan = np.array([np.nan], kind.to_pandas_dtype()).view(bits)
    return pa.array((nan | bits(payload)).view(kind.to_pandas_dtype()), kind)


def inside(kind: str, values: pa.Array) -> pa.Array:
    """A column of one row with `values` somewhere in it."""
    offsets = pa.array([0, len(values)], pa.int32())
    keys = pa.array([f"k{i}" for i in range(len(values))])
    lists = pa.ListArray.from_arrays(offsets, values)
    return {
        "column": values,
        "list": lists,
        "large list": pa.LargeListArray.from_arrays(offsets.cast(pa.int64()), values),
        "fixed list": pa.FixedSizeListArray.from_arrays(values, len(values)),
        "struct": pa.StructArray.from_arrays([values], ["x"]),
        "map": pa.MapArray.from_arrays(offsets, keys, values),
        "list of structs of lists": pa.ListArray.from_arrays(
            pa.array([0, 1], pa.int32()), pa.StructArray.from_arrays([lists], ["x"])
        ),
    }[kind]


KINDS = ("column", "list", "large list", "fixed list", "struct", "map", "list of structs of lists")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("number", "bits"), FLOATS)
def test_nan_payloads_count(kind: str, number: pa.DataType, bits: type[np.unsignedinteger]) -> None:
    """A NaN is the same as itself and differs from one with another payload, at any depth."""
    one, other = (inside(kind, nan_with_payload(number, bits, payload)) for payload in (1, 2))
    assert same_bits(one, inside(kind, nan_with_payload(number, bits, 1)))
    assert not same_bits(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_signs_of_zero_count(kind: str) -> None:
    """Minus zero is not zero, at any depth."""
    assert not same_bits(inside(kind, pa.array([0.0])), inside(kind, pa.array([-0.0])))


@given(st.integers(0, 30).flatmap(lambda n: st.one_of(kept_columns(n), numeric_columns(n))))
def test_a_column_is_itself(column: pa.Array) -> None:
    """Every column of every type is the same as a copy of it that is stored in another way."""
    copy = pa.concat_arrays([column.slice(0, 0), column])
    padded = pa.concat_arrays([column, column, column])
    assert same_bits(column, copy)
    assert same_bits(padded.slice(len(column), len(column)), column)


@given(st.integers(1, 30).flatmap(kept_columns), st.data())
def test_a_row_that_differs_is_seen(column: pa.Array, data: st.DataObject) -> None:
    """A null in place of a value, and a row less, make another column."""
    row = data.draw(st.integers(0, len(column) - 1))
    assert not same_bits(column, column.slice(1))
    if column[row].is_valid:
        rows = pa.array([None if i == row else i for i in range(len(column))], pa.int64())
        assert not same_bits(column, column.take(rows))


@pytest.mark.parametrize("depth", ["column", "list", "struct"])
def test_dictionaries_are_their_values(depth: str) -> None:
    """Dictionaries that list the same values in another order make the same column."""
    one = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int32()), ["a", "b", "never"])
    other = pa.DictionaryArray.from_arrays(pa.array([1, 0, 2], pa.int32()), ["b", "a", None])
    third = pa.DictionaryArray.from_arrays(pa.array([0, 0, None], pa.int32()), ["a", "b"])
    assert same_bits(inside(depth, one), inside(depth, other))
    assert not same_bits(inside(depth, one), inside(depth, third))


def test_what_lies_under_nulls_does_not_count() -> None:
    """Columns with the same nulls and other bits under them are the same, lists and structs too."""
    is_valid = pa.array([1, 0, 1], pa.int8()).cast(pa.bool_())
    bitmap = pa.py_buffer(bytes([0b101]))
    ones, twos = (
        pa.Array.from_buffers(
            pa.float64(), 3, [bitmap, pa.py_buffer(np.array([1.0, below, np.nan]))]
        )
        for below in (7.0, 8.0)
    )
    assert same_bits(ones, twos)
    structs = [
        pa.StructArray.from_arrays([pa.array([1.0, below, 3.0])], ["x"], mask=pc.invert(is_valid))
        for below in (7.0, 8.0)
    ]
    assert same_bits(*structs)
    lists = [
        pa.Array.from_buffers(
            pa.list_(pa.float64()),
            3,
            [bitmap, pa.py_buffer(np.array([0, 1, middle, middle + 1], np.int32))],
            children=[pa.array([1.0] + [below] * (middle - 1) + [3.0])],
        )
        for middle, below in ((2, 7.0), (3, 8.0))
    ]
    assert same_bits(*lists)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> pa.DataType:
    """Types of any nesting, with floats at the bottom of some."""
    leaves = st.sampled_from(LEAVES)
    if depth == 0:
        return draw(leaves)
    inner = draw(trees(depth - 1))
    return draw(
        st.sampled_from(
            [
                inner,
                pa.list_(inner),
                pa.large_list(inner),
                pa.list_view(inner),
                pa.list_(inner, 2),
                pa.struct([("a", inner), ("b", pa.float32())]),
                pa.struct([]),
                pa.map_(pa.string(), inner),
            ]
        )
    )


LEAVES = [
    *(pa.float16(), pa.float32(), pa.float64(), pa.null(), pa.bool_(), pa.int8(), pa.uint64()),
    *(pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.binary_view()),
    *(pa.binary(2), pa.decimal32(4, 2), pa.decimal128(20, 2), pa.duration("us"), pa.time32("s")),
    *(pa.month_day_nano_interval(), pa.date32()),
]


def value_of(kind: pa.DataType, draw: st.DrawFn) -> object:
    """A value of a type, often null, NaN or minus zero."""
    types = pa.types
    if draw(st.integers(0, 4)) == 0 or types.is_null(kind):
        return None
    if types.is_struct(kind):
        return {field.name: value_of(field.type, draw) for field in kind}
    if types.is_map(kind):
        return [(key, value_of(kind.item_type, draw)) for key in draw(st.sampled_from(["", "kl"]))]
    if types.is_fixed_size_list(kind):
        return [value_of(kind.value_type, draw) for _ in range(kind.list_size)]
    if types.is_nested(kind):
        return [value_of(kind.value_type, draw) for _ in range(draw(st.integers(0, 3)))]
    return leaf_value(kind, draw)


def leaf_value(kind: pa.DataType, draw: st.DrawFn) -> object:
    """A value of a type that is not nested."""
    types = pa.types
    if types.is_floating(kind):
        number = draw(st.sampled_from([np.nan, 0.0, -0.0, 1.5, np.inf]))
        return np.float16(number) if types.is_float16(kind) else number
    pool = {
        pa.binary(2): [b"ab", b"\0\0"],
        pa.bool_(): [True, False],
        pa.date32(): [date(2026, 1, 1), date(1, 1, 1)],
        pa.month_day_nano_interval(): [(1, 2, 3), (0, 0, 1)],
        pa.decimal32(4, 2): [Decimal("1.25"), Decimal(0)],
        pa.decimal128(20, 2): [Decimal("1.25"), Decimal(0)],
    }
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    texts = ["", "a", "longer than twelve bytes"]
    is_bytes = types.is_binary(kind) or types.is_binary_view(kind)
    others = texts if is_text else [text.encode() for text in texts] if is_bytes else [0, 1, 7]
    return draw(st.sampled_from(pool.get(kind, others)))


def written(value: object) -> str:
    """A value as text that tells apart what differs in a bit: minus zero, NaN, null, empty."""
    return repr(value)


@settings(max_examples=150)
@given(trees(), st.data())
def test_the_same_bits_and_no_others(kind: pa.DataType, data: st.DataObject) -> None:
    """Two columns of any type are the same if and only if their values are, however sliced."""
    rows = st.lists(st.builds(lambda: value_of(kind, data.draw)), max_size=4)
    one, other = data.draw(rows), data.draw(rows)
    ours, theirs, padded = (pa.array(values, kind) for values in (one, other, [*other, *one, *one]))
    assert same_bits(ours, padded.slice(len(other), len(one)))
    assert same_bits(ours, theirs) == (ours.type == theirs.type and written(one) == written(other))


def test_runs_unions_and_dictionaries_of_anything() -> None:
    """What is stored as runs, members of unions or dictionaries is compared by its values."""
    floats = pa.array([1.0, np.nan, None])
    lists = pa.array([[np.nan], None, [-0.0]])
    codes, places = pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32())
    words = pa.array(["a", "b", "c"])
    for column in (
        pa.RunEndEncodedArray.from_arrays([1, 2, 5], floats),
        pa.RunEndEncodedArray.from_arrays([1, 2, 5], lists),
        pa.UnionArray.from_sparse(codes, [floats, words]),
        pa.UnionArray.from_dense(codes, places, [lists, words]),
        pa.DictionaryArray.from_arrays([0, 1, 2], floats),
        pa.DictionaryArray.from_arrays([0, 1, 2], lists),
        pa.ListViewArray.from_arrays([1, 0], [2, 1], floats),
    ):
        assert same_bits(column, column)
        assert same_bits(column.slice(1), column.slice(1))
        assert not same_bits(column.slice(0, 1), column.slice(1, 1))


def test_types_count() -> None:
    """Equal numbers of different types are different columns."""
    assert not same_bits(pa.array([1], pa.int32()), pa.array([1], pa.int64()))
    assert not same_bits(pa.array([1.0], pa.float64()), pa.array([1], pa.int64()).cast("int64"))
