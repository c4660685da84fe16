"""Vector columns in blocks: every promise holds, and everything else comes back bit for bit."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec
from ae_pipeline.coding import LinearGrid, Promise, Quantizer, read_block
from ae_pipeline.columns import TableSchema, Vectors
from ae_pipeline.fragments.column_errors import cosines
from ae_pipeline.fragments.exact import same_bits
from tests.support.codec.archives import make_codec

KINDS = {np.float16: pa.float16(), np.float32: pa.float32(), np.float64: pa.float64()}


def vector_type(width: int, item: pa.DataType, *, is_nullable: bool = True) -> pa.DataType:
    """A fixed-size list whose item has a name of its own and metadata."""
    field = pa.field("part", item, nullable=is_nullable, metadata={"unit": "m"})
    return pa.list_(field, width)


def vectors_of(
    numbers: np.ndarray, is_null: np.ndarray | None = None, is_gap: np.ndarray | None = None
) -> pa.Array:
    """Vectors with nulls, and nulls inside."""
    kind = vector_type(numbers.shape[1], KINDS[numbers.dtype.type])
    is_valid = np.ones(len(numbers), bool) if is_null is None else ~is_null
    is_number = None if is_gap is None else ~is_gap
    return Vectors(numbers, is_valid, is_number).to_arrow(kind)


def codec_of(column: pa.Array, promise: Promise) -> ArchiveCodec:
    """A codec of one column of vectors."""
    schema = TableSchema(pa.schema([("v", column.type)]), ("v",))
    quantizer = Quantizer(LinearGrid(0.0, promise.absolute), promise)
    own = make_codec(pa.schema([("v", pa.float64())]), promise.absolute)
    return replace(own, schema=schema, quantizers=(quantizer,))


def returned(column: pa.Array, promise: Promise) -> pa.Array:
    """A column as it comes back, checked for everything that is exact whatever was promised."""
    codec = codec_of(column, promise)
    records = pa.RecordBatch.from_arrays([column], names=["v"])
    block = codec.encode(records)
    found = codec.decode(block.to_bytes(), len(column), {"v"})["v"]
    found.validate(full=True)
    assert found.type.equals(column.type, check_metadata=True)
    before, after = Vectors.of(column), Vectors.of(found)
    assert np.array_equal(before.is_valid, after.is_valid)
    source, got = before.flat(), after.flat()
    assert source.is_null().equals(got.is_null())
    left, right = (one.drop_null().to_numpy(zero_copy_only=False) for one in (source, got))
    odd = ~np.isfinite(left)
    bits = f"u{left.itemsize}"
    assert np.array_equal(left[odd].view(bits), right[odd].view(bits))
    with np.errstate(over="ignore"):
        errors = np.abs(left[~odd].astype(np.float64) - right[~odd].astype(np.float64))
    assert (errors <= promise.absolute).all()
    return found


@st.composite
def columns(draw: st.DrawFn) -> pa.Array:
    """Vectors of any floats, with nulls of either sort, sliced."""
    dtype = np.dtype(draw(st.sampled_from(list(KINDS))))
    shape = draw(st.tuples(st.integers(0, 12), st.integers(1, 20)))
    usual = st.floats(-4, 4, width=16)
    anything = hnp.from_dtype(dtype)
    numbers = draw(hnp.arrays(dtype, shape, elements=st.one_of(usual, usual, anything)))
    is_null = draw(hnp.arrays(bool, shape[0]))
    is_gap = draw(hnp.arrays(bool, shape, elements=st.integers(0, 9).map(lambda one: one == 0)))
    column = vectors_of(
        numbers,
        is_null if draw(st.booleans()) else None,
        is_gap if draw(st.booleans()) else None,
    )
    start = draw(st.integers(0, len(column)))
    return column.slice(start, draw(st.integers(0, len(column))))


@given(columns(), st.sampled_from([0.0, 1e-3, 0.25]))
def test_an_absolute_tolerance_holds_for_every_number(column: pa.Array, tolerance: float) -> None:
    """Nulls, nulls inside, NaN and infinities come back exactly, other numbers within it."""
    found = returned(column, Promise(tolerance))
    if not tolerance:
        assert same_bits(found, column)


@given(columns(), st.sampled_from([0.9, 0.999, 1.0 - 1e-9]), st.sampled_from([0.05, 0.5]))
def test_a_cosine_holds_for_every_row(column: pa.Array, least: float, tolerance: float) -> None:
    """Rows of any norm keep their direction; those without one come back bit for bit."""
    found = returned(column, Promise(tolerance, cosine=least))
    similar = cosines(found, column)
    assert not (similar < least).any()
    before, after = Vectors.of(column), Vectors.of(found)
    numbers = before.numbers.copy()
    if before.is_number is not None:
        numbers[~before.is_number] = 0
    odd = before.is_valid & ~(np.isfinite(numbers).all(axis=1) & (numbers != 0).any(axis=1))
    bits = f"u{numbers.itemsize}"
    source, got = (np.ascontiguousarray(one.numbers).view(bits) for one in (before, after))
    is_number = np.ones(source.shape, bool) if before.is_number is None else before.is_number
    assert ((source == got) | ~is_number)[odd].all()


def test_a_lane_of_many_exact_numbers_turns_no_vector() -> None:
    """Where half the numbers of one lane are too large for cells, the other vectors stay as judged.

    Were that lane alone to come back bit for bit, a vector along the diagonal would leave it.
    """
    numbers = np.full((2, 18), 0.625, np.float32)
    numbers[0, 0] = 2.2517998e14
    column = vectors_of(numbers)
    assert (cosines(returned(column, Promise(0.05, cosine=1.0 - 1e-9)), column) > 1 - 1e-9).all()


@pytest.mark.parametrize("width", [1, 2, 40])
@pytest.mark.parametrize("n_rows", [0, 1, 300])
def test_vectors_of_any_shape_come_back(width: int, n_rows: int) -> None:
    """One number, few and many; no rows, one and many; alike or not."""
    generator = np.random.default_rng(width)
    drawn = generator.normal(size=(n_rows, width)).astype(np.float32)
    for numbers in (drawn, np.ones_like(drawn)):
        returned(vectors_of(numbers), Promise(0.01))


def test_a_tensor_keeps_its_type() -> None:
    """An extension of fixed-size lists comes back as it was, with its shape."""
    numbers = np.random.default_rng(0).normal(size=(50, 2, 3)).astype(np.float32)
    column = pa.FixedShapeTensorArray.from_numpy_ndarray(numbers)
    found = returned(column, Promise(0.01))
    assert np.abs(found.to_numpy_ndarray() - numbers).max() <= 0.01


def test_short_lanes_share_a_stream() -> None:
    """A block of few rows takes hardly more bytes than the bits of its cells."""
    numbers = np.random.default_rng(0).normal(size=(100, 384)).astype(np.float32)
    column = vectors_of(numbers)
    codec = codec_of(column, Promise(0.1))
    block = codec.encode(pa.RecordBatch.from_arrays([column], names=["v"]))
    cells = np.rint(numbers / 0.2)
    counts = np.unique(cells, return_counts=True)[1]
    entropy = -(counts * np.log2(counts / counts.sum())).sum() / 8
    assert len(block.to_bytes()) < 1.02 * entropy + 800


def test_null_vectors_are_stored_once() -> None:
    """The lanes of null vectors have no validity of their own."""
    numbers = np.zeros((1000, 200), np.float32)
    is_null = np.random.default_rng(0).random(1000) < 0.5
    column = vectors_of(numbers, is_null)
    codec = codec_of(column, Promise(0.1))
    block = codec.encode(pa.RecordBatch.from_arrays([column], names=["v"]))
    assert len(block.to_bytes()) < 250


@given(st.binary(max_size=80), st.integers(0, 40))
def test_damaged_vectors_are_refused(junk: bytes, start: int) -> None:
    """Bytes written over a block are a ValueError, never a crash or another answer in silence."""
    numbers = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    column = vectors_of(numbers, np.arange(20) % 7 == 0)
    codec = codec_of(column, Promise(0.1, cosine=0.99))
    body = bytearray(codec.encode(pa.RecordBatch.from_arrays([column], names=["v"])).to_bytes()[4:])
    body[start : start + len(junk)] = junk
    content = zlib.crc32(body).to_bytes(4, "little") + bytes(body)
    try:
        found = codec.decode(content, MOST_ROWS)
    except ValueError:
        return
    found["v"].validate(full=True)


def test_a_block_of_other_lanes_is_refused() -> None:
    """A codec whose vectors are wider or narrower than those of the block says so."""
    column = vectors_of(np.random.default_rng(0).normal(size=(20, 5)))
    content = codec_of(column, Promise(0.1)).encode(
        pa.RecordBatch.from_arrays([column], names=["v"])
    )
    for width in (4, 6):
        with pytest.raises(ValueError, match=r".+"):
            read_block(content.to_bytes(), width, 0, 20, (), (range(width),))
