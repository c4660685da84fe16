"""Nothing is lost: what a network cannot give back comes back exactly, and so does every null."""

from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.columns import is_vector
from ae_pipeline.inputs import UNKNOWN
from tests.support.checks import assert_same_array
from tests.support.codec.learned import decoded, drawn_codec, encoded, there_and_back
from tests.support.strategies.learnable import SCALARS, VECTORS, learnable_columns, learnable_tables


def plain(column: pa.Array) -> pa.Array:
    """Values of dictionaries and tensors."""
    column = column.storage if isinstance(column, pa.ExtensionArray) else column
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def assert_nothing_lost(codec: FeaturesCodec, records: pa.RecordBatch, got: pa.RecordBatch) -> None:
    """Schema, kept columns, nulls, and every value that the network does not see as it is."""
    assert got.schema.equals(records.schema, check_metadata=True)
    got.validate(full=True)
    assert got.column("kept").equals(records.column("kept"))
    block = codec.read(records)
    for span, name in zip(codec.schema.spans, codec.schema.features, strict=True):
        ours, theirs = plain(got.column(name)), plain(records.column(name))
        assert ours.is_null().equals(theirs.is_null()), name
        if is_vector(records.schema.field(name).type):
            continue
        values, lane = block.values[span.start], span.start
        if lane in codec.categories:
            is_exact = values == UNKNOWN
        else:
            center, scale = (getattr(codec.standardization, k)[lane] for k in ("center", "scale"))
            with np.errstate(over="ignore", invalid="ignore"):
                is_exact = ~(np.abs(values - center) <= 10.0 * scale) | (scale == 0)
        assert_same(ours.filter(pa.array(is_exact)), theirs.filter(pa.array(is_exact)), name)


def assert_same(ours: pa.Array, theirs: pa.Array, name: str) -> None:
    """Equal, NaN too; zeros of either sign are one."""
    if pa.types.is_floating(ours.type):
        np.testing.assert_array_equal(
            *(one.to_numpy(zero_copy_only=False) for one in (ours, theirs)), name
        )
    else:
        assert ours.equals(theirs), name


@given(learnable_tables(), st.integers(0, 99))
def test_every_table(tables: list[pa.Table], seed: int) -> None:
    """Any rows of a codec's schema come back with their types, nulls and unseen values."""
    codec = drawn_codec(tables[0], seed)
    if codec is None:
        return
    for table in tables:
        records = table.combine_chunks().to_batches()[0] if len(table) else no_rows(table.schema)
        assert_nothing_lost(codec, records, there_and_back(codec, records))


def no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """A batch without rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


@pytest.mark.parametrize("kind", [*SCALARS, *VECTORS], ids=str)
@settings(max_examples=15)
@given(st.data())
def test_every_type(kind: pa.DataType, data: st.DataObject) -> None:
    """Of each type values that are far from those of the fit come back exactly."""
    first, later = (
        pa.table({"x": data.draw(learnable_columns(kind, n)), "kept": [b"k"] * n, "z": range(n)})
        for n in (12, 5)
    )
    codec = drawn_codec(first)
    if codec is None:
        return
    for table in (first, later):
        records = table.combine_chunks().to_batches()[0]
        assert_nothing_lost(codec, records, there_and_back(codec, records))


@given(learnable_tables(), st.randoms(use_true_random=False))
def test_rows_travel(tables: list[pa.Table], random: Random) -> None:
    """Rows that other tools filter and sort decode to what they were, one by one."""
    codec = drawn_codec(tables[0])
    if codec is None or not len(tables[1]):
        return
    records = tables[1].combine_chunks().to_batches()[0]
    stored = encoded(codec, records)
    rows = list(range(len(records)))
    random.shuffle(rows)
    chosen = pa.array(rows[: 1 + len(rows) // 2], pa.int64())
    whole = decoded(codec, stored, records.schema).take(chosen)
    moved = decoded(codec, stored.take(chosen), records.schema)
    for ours, theirs in zip(moved.columns, whole.columns, strict=True):
        if pa.types.is_fixed_size_list(plain(ours).type):
            assert str(plain(ours).to_pylist()) == str(plain(theirs).to_pylist())
        else:
            assert_same_array(plain(theirs), plain(ours))
