"""Blocks of whole tables: every type of Arrow, and columns that need no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec
from ae_pipeline.codec.archive.table import codec as table_codecs
from ae_pipeline.coding import State, SubStream, read_block
from tests.mapping.arrays import SCALARS, arrays, same_bits
from tests.support.codec.tables import table_codec
from tests.support.mapped import check_same
from tests.support.strategies.nested import trees, value_of

EXACT = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def columns(draw: st.DrawFn) -> pa.Array:
    """A column of any type, of any length."""
    kind = draw(st.sampled_from(SCALARS) | trees(2))
    if kind in SCALARS:
        return draw(arrays(kind))
    values = [value_of(kind, draw) for _ in range(draw(st.integers(0, 12)))]
    return pa.array(values, kind)


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """A table of up to four columns, and another of the same types."""
    pairs = []
    for _ in range(draw(st.integers(1, 4))):
        first = draw(columns())
        other = draw(st.sampled_from(["same", "reversed", "nulls", "none"]))
        later = {
            "same": first,
            "reversed": _reversed(first),
            "nulls": pa.nulls(len(first), first.type),
            "none": first[:0],
        }[other]
        pairs.append((first, later))
    batches = []
    for arrays_of in zip(*pairs, strict=True):
        n_rows = min(map(len, arrays_of))
        names = [f"c{number}" for number in range(len(arrays_of))]
        batches.append(pa.record_batch([one[:n_rows] for one in arrays_of], names))
    return batches[0], batches[1]


def _reversed(array: pa.Array) -> pa.Array:
    values = [array[row : row + 1] for row in reversed(range(len(array)))]
    return pa.concat_arrays(values) if values else array


def assert_decodes(codec: ArchiveCodec, records: pa.RecordBatch) -> None:
    """Every column comes back from the bytes of a block, together and alone."""
    content = codec.encode(records).to_bytes()
    decoded = codec.decode(content, MOST_ROWS)
    assert set(decoded) == set(records.schema.names)
    for name, array in decoded.items():
        alone = codec.decode(content, MOST_ROWS, {name})[name]
        for got in (array, alone):
            assert_same(got, records.column(name))


def assert_same(got: pa.Array, expected: pa.Array) -> None:
    """The same type, nulls and bits; bits of some types are no values that Arrow accepts."""
    if expected.type in SCALARS:
        assert same_bits(got, expected)
    else:
        check_same(got, expected)


@EXACT
@given(tables(), st.integers(0, 99))
def test_any_type(drawn: tuple[pa.RecordBatch, pa.RecordBatch], seed: int) -> None:
    """Whatever types a table has, each value comes back, also of rows that the codec never saw."""
    first, later = drawn
    codec = table_codec(np.random.default_rng(seed), pa.Table.from_batches([first]))
    assert_decodes(codec, first)
    assert_decodes(codec, later)


def sample_codec() -> tuple[ArchiveCodec, pa.RecordBatch]:
    """A codec of independent columns without models, and rows of them."""
    rows = np.arange(90)
    table = pa.table(
        {
            "a": rows % 7,
            "b": [f"word {row % 5}" for row in rows],
            "c": pa.array([[int(row)] * (row % 3) for row in rows], pa.list_(pa.int64())),
        }
    )
    codec = table_codec(np.random.default_rng(1), table)
    assert codec.table is not None
    codec = replace(codec, table=codec.table.without_model())
    return codec, table.to_batches()[0]


def test_a_column_needs_no_other() -> None:
    """One column is decoded although the streams of all others are damaged."""
    codec, records = sample_codec()
    block = codec.encode(records)
    for number, name in enumerate(records.schema.names):
        damaged = [
            one
            if other == number
            else replace(one, substreams=tuple(SubStream(b"\xff", False) for _ in one.substreams))
            for other, one in enumerate(block.mapped)
        ]
        content = replace(block, mapped=tuple(damaged)).to_bytes()
        found = codec.decode(content, MOST_ROWS, {name})
        assert set(found) == {name}
        assert found[name].equals(records.column(name))
        with pytest.raises(ValueError, match="stream"):
            codec.decode(content, MOST_ROWS)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.int32()),
        pa.struct([("deep", pa.list_(pa.int32()))]),
        pa.map_(pa.int32(), pa.int32()),
        pa.large_list(pa.int32()),
    ],
    ids=str,
)
def test_lists_of_too_many_items_are_whole(
    kind: pa.DataType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns whose lists have more items than readers accept come back all the same."""
    lists = [[1, 2, 3]] * 9
    values = {"struct": [{"deep": one} for one in lists], "map": [[(1, 2)] * 3] * 9}
    column = pa.array(values.get(str(kind).split("<")[0], lists), kind)
    codec = table_codec(np.random.default_rng(0), pa.table({"x": column}))
    monkeypatch.setattr(table_codecs, "MOST_ITEMS", 20)
    block = codec.encode(pa.record_batch({"x": column}))
    assert [one.state for one in block.mapped] == [State.WHOLE]
    check_same(codec.decode(block.to_bytes(), MOST_ROWS)["x"], column)


def test_a_block_of_another_codec_is_refused() -> None:
    """A block without mapped columns is none of a codec that has some."""
    codec, records = sample_codec()
    block = codec.encode(records)
    with pytest.raises(ValueError, match="columns of its codec"):
        codec.decode(replace(block, mapped=()).to_bytes(), MOST_ROWS)
    with pytest.raises(ValueError, match="columns of its codec"):
        read_block(block.to_bytes(), 0, 0, MOST_ROWS)
