"""Arrow columns ↔ blocks ↔ matrices, and missing values as bytes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ae_pipeline.blocks.block import Block, block_to_arrays, records_to_block, rows_per_block
from ae_pipeline.blocks.matrix import block_to_matrix, matrix_to_values
from ae_pipeline.blocks.missing import pack_missing, unpack_missing
from ae_pipeline.columns import Standardization
from tests.support.checks import assert_same_array
from tests.support.data.tables import FLOATS, INTEGERS
from tests.support.strategies.arrays import numeric_arrays

NULL, NAN, POSITIVE, NEGATIVE = 1, 2, 3, 4
#: Integers up to here are exact in float64.
EXACT = 1 << 53

missing_blocks = st.tuples(st.integers(1, 9), st.integers(0, 30)).flatmap(
    lambda shape: st_numpy.arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 0, 1, 2, 3, 4]))
)


def to_block(*columns: pa.Array) -> Block:
    """A block of these columns."""
    names = [f"c{index}" for index in range(len(columns))]
    return records_to_block(pa.record_batch(list(columns), names=names), names)


def largest(kind: pa.DataType) -> int:
    """The largest integer of this type that float64 has."""
    highest = int(np.iinfo(kind.to_pandas_dtype()).max)
    return highest if highest < EXACT else int(np.nextafter(float(highest), 0))


def nearest(value: int, kind: pa.DataType) -> int:
    """The nearest integer of this type that float64 has, nothing wrapped."""
    return min(int(float(value)), largest(kind))


def make_standardization(
    center: np.ndarray, scale: np.ndarray, clip_sigma: float = 10.0
) -> Standardization:
    """From plain arrays."""
    return Standardization(
        np.asarray(center, np.float64), np.asarray(scale, np.float64), clip_sigma
    )


@given(numeric_arrays())
def test_arrays_round_trip(column: pa.Array) -> None:
    """Nulls, NaN, infinities and floats come back exactly, integers as exact as float64 is."""
    block = to_block(column)
    assert block.n_rows == len(column)
    (got,) = block_to_arrays(block, [column.type])
    if pa.types.is_integer(column.type):
        column = pa.array(
            [None if v is None else nearest(v, column.type) for v in column.to_pylist()],
            column.type,
        )
    assert_same_array(column, got)


@given(st.integers(0, 20).flatmap(lambda n: st.lists(numeric_arrays(20), min_size=1, max_size=4)))
def test_columns_do_not_touch_each_other(columns: list[pa.Array]) -> None:
    """A column comes back the same beside others as alone."""
    n_rows = min(len(column) for column in columns)
    columns = [column.slice(0, n_rows) for column in columns]
    kinds = [column.type for column in columns]
    together = block_to_arrays(to_block(*columns), kinds)
    for column, got in zip(columns, together, strict=True):
        (alone,) = block_to_arrays(to_block(column), [column.type])
        assert_same_array(alone, got)


@given(numeric_arrays())
def test_block_is_finite_or_missing(column: pa.Array) -> None:
    """Values are finite, or NaN exactly where there is a reason; no reasons, nothing missing."""
    block = to_block(column)
    missing = np.zeros(block.values.shape, np.uint8) if block.missing is None else block.missing
    np.testing.assert_array_equal(np.isnan(block.values), missing != 0)
    assert not np.isinf(block.values).any()
    assert block.missing is None or block.missing.any()
    np.testing.assert_array_equal(
        missing[0] == NULL, column.is_null().to_numpy(zero_copy_only=False)
    )


def test_reasons_are_told_apart() -> None:
    """Null, NaN and the two infinities are four different reasons."""
    column = pa.array([1.5, None, np.nan, np.inf, -np.inf], pa.float32())
    block = to_block(column)
    assert block.missing is not None
    np.testing.assert_array_equal(block.missing, [[0, NULL, NAN, POSITIVE, NEGATIVE]])


def test_features_are_chosen_by_name() -> None:
    """Only the named columns are read, in the order of the names."""
    records = pa.record_batch({"a": [1.0], "key": ["x"], "b": [2.0]})
    np.testing.assert_array_equal(records_to_block(records, ["b", "a"]).values, [[2.0], [1.0]])
    assert records_to_block(records, []).values.shape == (0, 1)


@pytest.mark.parametrize("kind", FLOATS + INTEGERS, ids=str)
def test_out_of_range_takes_the_nearest(kind: pa.DataType) -> None:
    """Values beyond a type's range become its ends: none wraps, no float becomes infinite."""
    dtype = np.dtype(kind.to_pandas_dtype())
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    ends = [limits.min, limits.max if dtype.kind == "f" else largest(kind)]
    beyond = [-np.inf, np.inf] if kind == pa.float64() else [-1e300, 1e300, -np.inf, np.inf]
    (got,) = block_to_arrays(Block(np.array([beyond]), None), [kind])
    assert got.to_pylist() == ends * (len(beyond) // 2)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int64(), pa.uint64()], ids=str)
def test_integers_round_half_to_even(kind: pa.DataType) -> None:
    """Values between integers become the nearest, halves the even one."""
    block = Block(np.array([[0.4, 0.5, 1.5, 2.5, 2.6, 7.0]]), None)
    assert block_to_arrays(block, [kind])[0].to_pylist() == [0, 0, 2, 2, 3, 7]


@pytest.mark.parametrize("reasons", [None, [[0, 0, NULL]]])
def test_unknown_value_is_never_a_number(reasons: list[list[int]] | None) -> None:
    """A NaN without a reason stays NaN, or becomes null in integers, whatever else is missing."""
    missing = None if reasons is None else np.array(reasons, np.uint8)
    last = 3.0 if missing is None else np.nan
    block = Block(np.array([[np.nan, 2.0, last]]), missing)
    (floats,) = block_to_arrays(block, [pa.float32()])
    (integers,) = block_to_arrays(block, [pa.int32()])
    expected_last = 3 if missing is None else None
    assert repr(floats.to_pylist()[:2]) == "[nan, 2.0]"
    assert floats.to_pylist()[2] == expected_last
    assert integers.to_pylist() == [None, 2, expected_last]


@pytest.mark.parametrize(("n_columns", "n_rows"), [(0, 1 << 15), (1, 1 << 15), (1 << 22, 1)])
def test_rows_per_block(n_columns: int, n_rows: int) -> None:
    """Narrow tables are read in blocks of bounded rows, the widest row by row."""
    assert rows_per_block(n_columns) == n_rows


@given(st.integers(1, 1 << 14))
def test_block_memory_is_bounded(n_columns: int) -> None:
    """A block never takes more than 16 MiB, whatever the number of columns."""
    assert 1 <= rows_per_block(n_columns) * n_columns * 8 <= 1 << 24


@given(missing_blocks)
def test_missing_round_trip(missing: np.ndarray) -> None:
    """Reasons come back exactly; a row without missing values is null and costs no bytes."""
    n_features, n_rows = missing.shape
    packed = pack_missing(missing, n_rows)
    packed.validate(full=True)
    np.testing.assert_array_equal(
        packed.is_null().to_numpy(zero_copy_only=False), ~missing.any(axis=0)
    )
    assert sum(len(value) for value in packed.drop_null().to_pylist()) == 2 * (missing > 0).sum()
    got = unpack_missing(packed, n_features)
    if got is None:
        assert not missing.any()
    else:
        np.testing.assert_array_equal(got, missing)


@given(missing_blocks, st.data())
def test_missing_survives_other_tools(missing: np.ndarray, data: st.DataObject) -> None:
    """Rows that were sliced, filtered, reordered or repeated still say what they miss."""
    n_features, n_rows = missing.shape
    packed = pack_missing(missing, n_rows)
    start, stop = sorted(data.draw(st.tuples(st.integers(0, n_rows), st.integers(0, n_rows))))
    row = st.integers(0, n_rows - 1) if n_rows else st.nothing()
    taken = np.array(data.draw(st.lists(row, max_size=40 if n_rows else 0)), np.int64)
    mask = data.draw(st_numpy.arrays(bool, n_rows))
    for changed, expected in (
        (packed.slice(start, stop - start), missing[:, start:stop]),
        (packed.take(pa.array(taken)), missing[:, taken]),
        (pc.filter(packed, pa.array(mask)), missing[:, mask]),
        (pa.concat_arrays([packed, packed]), np.tile(missing, 2)),
    ):
        got = unpack_missing(changed, n_features)
        got = np.zeros(expected.shape, np.uint8) if got is None else got
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    "kind", [pa.large_binary(), pa.binary_view(), pa.dictionary(pa.int8(), pa.binary())], ids=str
)
def test_missing_in_any_binary_type(kind: pa.DataType) -> None:
    """Other tools rewrite bytes as other binary types; they mean the same."""
    missing = np.array([[0, NULL, 0, NAN], [0, NEGATIVE, 0, 0]], np.uint8)
    packed = pack_missing(missing, 4).cast(kind)
    got = unpack_missing(packed.slice(1), 2)
    assert got is not None
    np.testing.assert_array_equal(got, missing[:, 1:])


def test_missing_through_polars(tmp_path: Path) -> None:
    """A file that Polars sorted and wrote again still says what its rows miss."""
    missing = np.array([[0, NULL, 0, NAN], [0, NEGATIVE, 0, 0]], np.uint8)
    pq.write_table(
        pa.table({"key": [3, 1, 2, 0], "missing": pack_missing(missing, 4)}), tmp_path / "a"
    )
    polars.read_parquet(tmp_path / "a").sort("key").write_parquet(tmp_path / "b")
    packed = pq.ParquetFile(tmp_path / "b").read()["missing"].combine_chunks()
    got = unpack_missing(packed, 2)
    assert got is not None
    np.testing.assert_array_equal(got, missing[:, [3, 1, 2, 0]])


def test_nothing_missing_is_all_null() -> None:
    """A block without missing values packs to nulls and unpacks to None."""
    packed = pack_missing(None, 5)
    assert (packed.type, packed.null_count) == (pa.binary(), 5)
    assert unpack_missing(packed, 3) is None
    assert unpack_missing(pack_missing(None, 0), 3) is None


def test_missing_of_the_last_feature() -> None:
    """The highest feature number that the format allows is packed exactly."""
    missing = np.zeros((1 << 14, 2), np.uint8)
    missing[-1, 1] = NEGATIVE
    packed = pack_missing(missing, 2)
    assert packed.to_pylist() == [None, b"\xff\xff"]
    got = unpack_missing(packed, 1 << 14)
    assert got is not None
    np.testing.assert_array_equal(got, missing)


@pytest.mark.parametrize(
    ("packed", "fault"),
    [
        (pa.array([b"\0"], pa.binary()), "2 bytes each"),
        (pa.array([b"\0\0", b"\0\0\0"], pa.binary()), "2 bytes each"),
        (pa.array([b"\x08\0"], pa.binary()), "feature 2 of 2"),
        (pa.array([None, b"\xff\xff"], pa.binary()), "feature 16383 of 2"),
        (pa.array([1, None]), "int64, not binary"),
        (pa.array([[b"\0\0"]]), "not binary"),
    ],
)
def test_malformed_missing(packed: pa.Array, fault: str) -> None:
    """Bytes that are no entries of this table are refused, not guessed at."""
    with pytest.raises(ValueError, match=fault):
        unpack_missing(packed, 2)


@given(st.lists(st.none() | st.binary(max_size=6), max_size=6), st.integers(1, 9))
def test_any_bytes_are_reasons_or_refused(values: list[bytes | None], n_features: int) -> None:
    """Whatever bytes there are, the answer is valid reasons or a ValueError."""
    try:
        got = unpack_missing(pa.array(values, pa.binary()), n_features)
    except ValueError:
        return
    assert got is None or (got.shape == (n_features, len(values)) and got.max(initial=0) <= 4)


@pytest.mark.parametrize(
    ("n_features", "n_rows"), [(1, 1), (3, 0), (5, 5_000), (800, 300), (800, 2_049)]
)
def test_matrix_is_the_formula(
    n_features: int, n_rows: int, generator: np.random.Generator
) -> None:
    """Matrices of any shape hold (value - centre) / scale of the columns that vary, in float32."""
    center = generator.normal(0, 1e3, n_features)
    scale = generator.uniform(0.1, 10, n_features)
    scale[1::3] = 0.0
    values = center[:, None] + generator.normal(0, 3, (n_features, n_rows))
    values[:, ::7] = np.nan
    block = Block(values.copy(), None)
    found = block_to_matrix(block, make_standardization(center, scale, 2.0))
    varies = scale > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        naive = ((values - center[:, None]) / scale[:, None])[varies].clip(-2, 2).T
    assert found.shape == (n_rows, varies.sum())
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, naive, rtol=2e-7)
    np.testing.assert_array_equal(block.values, values)


@pytest.mark.parametrize(
    ("n_features", "n_rows"), [(1, 1), (3, 0), (5, 5_000), (800, 300), (800, 2_049)]
)
def test_matrix_round_trip(n_features: int, n_rows: int, generator: np.random.Generator) -> None:
    """Values within the clip come back to float32 rounding, constant columns as their value."""
    center = generator.normal(0, 1e3, n_features)
    scale = generator.uniform(0.1, 10, n_features)
    scale[1::3] = 0.0
    values = center[:, None] + scale[:, None] * generator.uniform(-9, 9, (n_features, n_rows))
    chosen = make_standardization(center, scale)
    matrix = block_to_matrix(Block(values, None), chosen)
    found = matrix_to_values(matrix, chosen)
    assert found.shape == values.shape
    # Half a unit in the last place of a float32 below 16, in units of the scale.
    slack = scale[:, None] * 2.0**-21 + 1e-12 * np.abs(center[:, None])
    assert (np.abs(found - values) <= slack).all()
    np.testing.assert_array_equal(found[scale == 0], values[scale == 0])


def test_large_offset_keeps_its_digits() -> None:
    """A column around a billion keeps differences that float32 would lose there."""
    values = 1e9 + np.arange(5.0)[None]
    chosen = make_standardization([1e9], [1.0])
    matrix = block_to_matrix(Block(values, None), chosen)
    np.testing.assert_array_equal(matrix[:, 0], np.arange(5, dtype=np.float32))
    np.testing.assert_array_equal(matrix_to_values(matrix, chosen), values)


def test_wild_values_are_clipped_quietly() -> None:
    """Values beyond the clip, and beyond float64, become the clip; missing ones stay NaN."""
    values = np.array([[1e30, -1e30, 1.7e308, -1.7e308, np.nan]])
    chosen = make_standardization([-1.7e308], [1e-300], clip_sigma=10.0)
    matrix = block_to_matrix(Block(values, None), chosen)
    np.testing.assert_array_equal(matrix[:, 0], np.float32([10, 10, 10, 0, np.nan]))


def test_no_column_varies() -> None:
    """Constant and empty columns need no input at all to come back."""
    chosen = make_standardization([0.1, np.nan], [0.0, 0.0])
    matrix = block_to_matrix(Block(np.full((2, 3), 0.1), None), chosen)
    assert matrix.shape == (3, 0)
    np.testing.assert_array_equal(matrix_to_values(matrix, chosen), [[0.1] * 3, [np.nan] * 3])


DECIMALS = [
    *(pa.decimal128(15, 2), pa.decimal128(15, -3), pa.decimal128(1, 0), pa.decimal32(9, 3)),
    *(pa.decimal64(15, 15), pa.decimal256(15, 0)),
]
TIMES = [
    *(pa.timestamp("s"), pa.timestamp("ns", "UTC"), pa.date32(), pa.date64(), pa.time32("s")),
    *(pa.time32("ms"), pa.time64("us"), pa.time64("ns")),
]


@pytest.mark.parametrize("kind", DECIMALS, ids=str)
def test_decimals_to_their_ends(kind: pa.DataType) -> None:
    """Decimals of few digits come back exactly, and what lies beyond takes the last one."""
    most = Decimal(10**kind.precision - 1).scaleb(-kind.scale)
    column = pa.array([most, -most, None, Decimal(0)], kind)
    block = records_to_block(pa.record_batch([column], ["x"]), ["x"])
    (got,) = block_to_arrays(block, [kind])
    got.validate(full=True)
    assert got.equals(column)
    (far,) = block_to_arrays(Block(np.array([[1e300, -1e300, np.nan]]), None), [kind])
    assert far.equals(pa.array([most, -most, None], kind))


@pytest.mark.parametrize("kind", TIMES, ids=str)
def test_times_to_their_ends(kind: pa.DataType, tmp_path: Path) -> None:
    """However far a decoded time lies, it is one that Arrow and Parquet have."""
    (got,) = block_to_arrays(Block(np.array([[1e300, -1e300, 0.4, np.nan]]), None), [kind])
    got.validate(full=True)
    assert (got.type, got.null_count) == (kind, 1)
    pq.write_table(pa.table({"x": got}), tmp_path / "x.parquet")
    stored = pq.read_table(tmp_path / "x.parquet", partitioning=None)["x"]
    assert stored.cast(kind).combine_chunks().equals(got)
