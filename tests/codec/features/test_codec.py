"""Codecs in memory: what they restore, and what their id depends on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.blocks.block import block_to_arrays, records_to_block
from ae_pipeline.codec import Provenance
from ae_pipeline.errors import CodecMismatchError
from ae_pipeline.formats import check_schema
from ae_pipeline.formats.features import FeaturesFormat
from ae_pipeline.results.fit import EpochRecord, TrainingSummary
from tests.support.checks import assert_one_line, assert_same_array
from tests.support.networks import (
    SCHEMA,
    assert_restores,
    hand_set_codec,
    hand_set_table,
    hand_set_weights,
    identity_codec,
)
from tests.support.tables import FLOATS, INTEGERS

quarters = st.integers(-100, 100).map(lambda number: number / 4)
pairs = st.lists(st.tuples(quarters, quarters), max_size=30)
MISSING = ("null", "nan", "inf", "-inf")


def spoil(column: pa.Array, reasons: list[str]) -> pa.Array:
    """The column with some values taken away; integers can only be null."""
    values = column.to_pylist()
    is_float = pa.types.is_floating(column.type)
    for row, reason in enumerate(reasons):
        if reason in MISSING:
            values[row] = float(reason) if reason != "null" and is_float else None
    if column.type == pa.float16():
        plain = np.array([0 if value is None else value for value in values], np.float16)
        return pa.array(plain, mask=np.array([value is None for value in values], bool))
    return pa.array(values, column.type)


@given(pairs)
def test_hand_set_codec_restores_every_value(numbers: list[tuple[float, float]]) -> None:
    """A codec by formula restores every column, bit by bit, whatever the number of rows."""
    records = hand_set_table([pair[0] for pair in numbers], [pair[1] for pair in numbers])
    assert_restores(hand_set_codec(), records)


@given(pairs)
def test_latents_are_their_formula(numbers: list[tuple[float, float]]) -> None:
    """The latents of the codec by formula are the two numbers that describe a row."""
    records = hand_set_table([pair[0] for pair in numbers], [pair[1] for pair in numbers])
    codec = hand_set_codec()
    latents = codec.encode(records_to_block(records, codec.schema.features))
    assert codec.latent_dim == 2
    assert latents.dtype == np.float32
    np.testing.assert_array_equal(latents, np.array(numbers, np.float32).reshape(-1, 2))


@given(pairs, st.data())
def test_missing_values_come_back(numbers: list[tuple[float, float]], data: st.DataObject) -> None:
    """Null, NaN and infinities come back as they were, and take no other value with them."""
    records = hand_set_table([pair[0] for pair in numbers], [pair[1] for pair in numbers])
    reasons = st.lists(
        st.sampled_from(["present", *MISSING]), min_size=len(numbers), max_size=len(numbers)
    )
    # `left` and `right` alone decide the latents; what misses elsewhere costs nothing.
    for name in ("half", "count", "flat"):
        column = spoil(records.column(name), data.draw(reasons))
        records = records.set_column(SCHEMA.names.index(name), SCHEMA.field(name), column)
    assert_restores(hand_set_codec(), records)


def test_missing_value_enters_as_the_centre() -> None:
    """A missing value is encoded as its column's centre; the row's others go on as they are."""
    records = hand_set_table([1.0, 1.0], [3.0, 3.0])
    records = records.set_column(1, SCHEMA.field("left"), pa.array([None, 6.0], pa.float64()))
    codec = hand_set_codec()
    block = records_to_block(records, codec.schema.features)
    latents = codec.encode(block)
    np.testing.assert_array_equal(latents, np.array([[0, 3], [1, 3]], np.float32))
    arrays = block_to_arrays(codec.decode(latents, block.missing), codec.schema.feature_types)
    assert arrays[0].to_pylist() == [None, 6.0]
    assert arrays[1].to_pylist() == [0.5, 0.5]


def test_all_missing_rows() -> None:
    """Rows without a single value have latents, and decode to their reasons."""
    columns = [pa.nulls(3, field.type) for field in SCHEMA]
    assert_restores(hand_set_codec(), pa.record_batch(columns, schema=SCHEMA))


def test_constant_columns_decode_without_reasons() -> None:
    """Without reasons, a constant column decodes to its value and an empty one to NaN."""
    decoded = hand_set_codec().decode(np.zeros((3, 2), np.float32), None)
    np.testing.assert_array_equal(decoded.values[4], [2.5] * 3)
    assert np.isnan(decoded.values[5]).all()
    np.testing.assert_array_equal(decoded.values[:4, 0], [4, -1, 0, 10])


def test_wild_values_are_clipped() -> None:
    """A value far outside decodes to the clipping limit, not to infinity or NaN."""
    codec = identity_codec(pa.float64())
    column = pa.array([1e308, -1e308, 50 + 320.0, 50 - 321.0])
    block = records_to_block(pa.record_batch([column], ["x"]), ("x",))
    decoded = codec.decode(codec.encode(block), None)
    np.testing.assert_array_equal(decoded.values[0], [370, -270, 370, -270])


@pytest.mark.parametrize("kind", [*FLOATS, *INTEGERS], ids=str)
def test_each_type_comes_back_as_itself(kind: pa.DataType) -> None:
    """Columns of every numeric type keep type, values and nulls."""
    values = np.array([0, *range(101), 0, 7], kind.to_pandas_dtype())
    is_null = np.isin(np.arange(len(values)), [0, 102])
    records = pa.record_batch([pa.array(values, kind, mask=is_null)], ["x"])
    assert_restores(identity_codec(kind), records)


@pytest.mark.parametrize("kind", INTEGERS, ids=str)
def test_integers_round_and_do_not_wrap(kind: pa.DataType) -> None:
    """What the network says of an integer is rounded, and stays inside of its type."""
    latents = np.array([[-1.5625], [1e30], [-1e30], [0.484375 / 32]], np.float32)
    (decoded,) = block_to_arrays(identity_codec(kind).decode(latents, None), (kind,))
    limits = np.iinfo(kind.to_pandas_dtype())
    lowest, highest = decoded.to_pylist()[2], decoded.to_pylist()[1]
    assert decoded.to_pylist()[::3] == [0, 50]
    assert lowest == limits.min
    assert limits.max - 2048 <= highest <= limits.max


def test_differs_from_constant() -> None:
    """A block says which columns it would lose: constant at fit time, and not any more."""
    codec = hand_set_codec()
    same = hand_set_table([0.0, 1.0], [2.0, 3.0])
    assert not codec.differs_from_constant(records_to_block(same, codec.schema.features)).any()
    gone = same.set_column(5, SCHEMA.field("flat"), pa.array([None, 2.5]))
    assert not codec.differs_from_constant(records_to_block(gone, codec.schema.features)).any()
    flat = same.set_column(5, SCHEMA.field("flat"), pa.array([2.5, np.nextafter(2.5, 3)]))
    filled = same.set_column(6, SCHEMA.field("empty"), pa.array([None, 0.0], pa.float32()))
    for records, column in ((flat, 4), (filled, 5)):
        differs = codec.differs_from_constant(records_to_block(records, codec.schema.features))
        np.testing.assert_array_equal(np.flatnonzero(differs), [column])


def test_check_schema_accepts_what_fits() -> None:
    """Order, nullability and metadata of the columns may differ from those of the fit."""
    format = FeaturesFormat(hand_set_codec())
    check_schema(format, SCHEMA, "here")
    shuffled = [field.remove_metadata().with_nullable(False) for field in reversed(list(SCHEMA))]
    check_schema(format, pa.schema(shuffled), "here")


def test_check_schema_lists_columns() -> None:
    """The message names the place, and every column that is missing, new or of another type."""
    other = SCHEMA.remove(1).append(pa.field("extra", pa.string()))
    other = other.set(other.get_field_index("count"), pa.field("count", pa.int64()))
    with pytest.raises(CodecMismatchError) as caught:
        check_schema(FeaturesFormat(hand_set_codec()), other, "day=1/part-0.parquet")
    parts = ("left is missing", "extra is new", "count is int64, not int32")
    assert_one_line(caught.value, "day=1/part-0.parquet", hand_set_codec().id, *parts)


def test_id_does_not_depend_on_provenance() -> None:
    """Where and when the same codec was fitted does not change its id."""
    elsewhere = Provenance(
        "elsewhere",
        "f" * 32,
        99,
        TrainingSummary(9, 9, "steps", 3, 1.0, 0.1),
        (EpochRecord(0, 0, 1.0, 1.0, 9.0),),
    )
    assert hand_set_codec(provenance=elsewhere).id == hand_set_codec().id


def test_id_does_not_depend_on_memory_layout() -> None:
    """Order of the mapping and of the bytes in memory are no content."""
    weights = hand_set_weights()
    laid_out = {name: np.asfortranarray(weights[name]) for name in reversed(weights)}
    assert hand_set_codec(weights=laid_out).id == hand_set_codec().id


@pytest.mark.parametrize("name", hand_set_weights())
def test_id_changes_with_any_weight(name: str) -> None:
    """One bit of one weight makes another codec."""
    weights = dict(hand_set_weights())
    weights[name] = weights[name].copy()
    last = weights[name].reshape(-1)[-1:]
    last[:] = np.nextafter(last, np.float32(9))
    assert hand_set_codec(weights=weights).id != hand_set_codec().id


@pytest.mark.parametrize("part", ["center", "scale"])
@pytest.mark.parametrize("column", range(6))
def test_id_changes_with_standardization(part: str, column: int) -> None:
    """One digit of one centre or scale makes another codec."""
    codec = hand_set_codec()
    numbers = getattr(codec.standardization, part).copy()
    numbers[column] = 1.0 if np.isnan(numbers[column]) else np.nextafter(numbers[column], 99)
    changed = replace(codec.standardization, **{part: numbers})
    assert hand_set_codec(standardization=changed).id != codec.id


def test_id_changes_with_all_other_content() -> None:
    """Clipping, std, architecture, names, types, roles and metadata each make another codec."""
    codec = hand_set_codec()
    arrow, features = codec.schema.arrow, codec.schema.features
    renamed = arrow.set(0, pa.field("other", pa.int64()))
    retyped = arrow.set(2, pa.field("right", pa.float64()))
    variants = [
        replace(codec, standardization=replace(codec.standardization, clip_sigma=127.0)),
        replace(codec, std=codec.std * 2),
        replace(codec, architecture=replace(codec.architecture, activation="leaky_relu")),
        replace(codec, schema=replace(codec.schema, arrow=renamed)),
        replace(codec, schema=replace(codec.schema, arrow=retyped)),
        replace(codec, schema=replace(codec.schema, arrow=arrow.with_metadata({"origin": "x"}))),
        replace(codec, schema=replace(codec.schema, features=("key", *features[1:]))),
    ]
    assert len({codec.id, *(variant.id for variant in variants)}) == len(variants) + 1


def test_types_of_arrays_are_restored() -> None:
    """Decoded columns have the source's types, not the network's."""
    codec = hand_set_codec()
    records = hand_set_table([0.25], [-0.5])
    block = records_to_block(records, codec.schema.features)
    arrays = block_to_arrays(codec.decode(codec.encode(block), None), codec.schema.feature_types)
    for name, array in zip(codec.schema.features[:5], arrays, strict=False):
        assert_same_array(records.column(name), array, name)
