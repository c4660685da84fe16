"""Whole blocks: the promise for every column, and never worse than without a network."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import (
    CODE_MAX,
    BlockStreams,
    ColumnStreams,
    LinearPredictor,
    Method,
    pack_integers,
)
from tests.support.codec.archives import make_codec
from tests.support.codec.drawn import random_network, random_predictor
from tests.support.codec.ramps import ramp_network, ramp_records
from tests.support.strategies.arrays import numeric_arrays
from tests.support.values import assert_keeps_promise, bits, raw_values

TOLERANCES = [0.0, 1e-12, 0.01, 1.0, 1e12]


def batch_of(columns: list[pa.Array]) -> pa.RecordBatch:
    """Columns c0, c1, ... cut to the shortest."""
    n_rows = min(len(column) for column in columns)
    cut = [column.slice(len(column) - n_rows) for column in columns]
    return pa.record_batch(cut, names=[f"c{number}" for number in range(len(cut))])


def mixed_batch(generator: np.random.Generator, n_rows: int = 3000) -> pa.RecordBatch:
    """Floats of three widths, integers, nulls, NaN, infinities, a constant and no values."""
    base = generator.normal(size=n_rows)
    wild = base.copy()
    wild[::100], wild[7::100], wild[9::500] = np.nan, np.inf, 1e308
    return pa.record_batch(
        {
            "double": base,
            "float": (2 * base + 1).astype(np.float32),
            "half": pa.array(base.astype(np.float16), pa.float16()),
            "wild": wild,
            "some": pa.array(base, mask=generator.random(n_rows) < 0.2),
            "constant": np.full(n_rows, 0.1),
            "nulls": pa.nulls(n_rows, pa.float64()),
            "small": generator.integers(-9, 9, n_rows).astype(np.int8),
            "large": generator.integers(0, 2**64, n_rows, np.uint64),
        }
    )


def round_trip(codec: ArchiveCodec, records: pa.RecordBatch) -> BlockStreams:
    """Encode, decode, check the promise of every column and the bound on bytes."""
    block = codec.encode(records)
    content = block.to_bytes()
    decoded = codec.decode(content, len(records))
    assert list(decoded) == records.schema.names
    for name, tolerance in zip(
        records.schema.names, [one.absolute for one in codec.promises], strict=True
    ):
        assert_keeps_promise(records.column(name), decoded[name], tolerance)
    direct = replace(codec, network=None, predictor=None).encode(records).to_bytes()
    assert len(content) <= len(direct)
    return block


@given(
    st.lists(numeric_arrays(30), min_size=1, max_size=4),
    st.lists(st.sampled_from(TOLERANCES), min_size=4, max_size=4),
    st.none() | st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.none() | st.integers(0, 2**32 - 1),
)
def test_promise(
    columns: list[pa.Array],
    tolerances: list[float],
    seed: int | None,
    window: int,
    predictor_seed: int | None,
) -> None:
    """Any columns of any types keep their promises, with any network and predictor and without."""
    records = batch_of(columns)
    n_columns = len(columns)
    network = None
    if seed is not None:
        network = random_network(np.random.default_rng(seed), n_columns, window=window)
    predictor = None
    if predictor_seed is not None:
        predictor = random_predictor(np.random.default_rng(predictor_seed), n_columns)
    round_trip(make_codec(records.schema, tolerances[:n_columns], network, predictor), records)


@pytest.mark.parametrize("window", [None, 1, 7, 64])
def test_mixed_columns(window: int | None, generator: np.random.Generator) -> None:
    """A block of everything, thousands of rows long, keeps every promise."""
    records = mixed_batch(generator)
    network = None
    if window is not None:
        network = random_network(generator, records.num_columns, window=window)
    tolerance = [0.01, 0.02, 1e-3, 0.01, 0.01, 0.01, 0.01, 1.0, 0.0]
    round_trip(make_codec(records.schema, tolerance, network), records)


def test_slices_of_a_batch(generator: np.random.Generator) -> None:
    """A slice of a batch is stored as its copy is."""
    records = mixed_batch(generator)
    codec = make_codec(records.schema, 0.01, random_network(generator, records.num_columns))
    part = records.slice(777, 1111)
    copied = pa.RecordBatch.from_pylist(part.to_pylist(), records.schema)
    round_trip(codec, part)
    assert codec.encode(part).to_bytes() == codec.encode(copied).to_bytes()


@pytest.mark.parametrize("has_network", [False, True])
def test_no_rows(has_network: bool, generator: np.random.Generator) -> None:
    """A block without rows takes a few bytes and decodes to empty columns."""
    records = mixed_batch(generator).slice(0, 0)
    network = random_network(generator, records.num_columns) if has_network else None
    block = round_trip(make_codec(records.schema, 0.1, network), records)
    assert (block.n_rows, block.codes) == (0, ())
    assert len(block.to_bytes()) <= 6 + 2 * records.num_columns


def test_network_is_kept_where_columns_depend(generator: np.random.Generator) -> None:
    """A column that follows from another one costs two bytes, and the block is smaller."""
    records = ramp_records(generator)
    codec = make_codec(records.schema, 0.5, ramp_network())
    block = round_trip(codec, records)
    assert len(block.codes) == 1
    assert [column.method for column in block.columns] == [Method.NETWORK_RESIDUALS] * 2
    assert [column.n_bytes for column in block.columns] == [2, 2]
    direct = replace(codec, network=None, predictor=None).encode(records)
    assert len(block.to_bytes()) < 0.6 * len(direct.to_bytes())


def test_network_is_dropped_where_it_is_useless(generator: np.random.Generator) -> None:
    """Columns that the network cannot predict are stored as if it did not exist."""
    records = pa.record_batch({"a": generator.normal(size=2000), "b": generator.normal(size=2000)})
    for network in (ramp_network(), random_network(generator, 2)):
        codec = make_codec(records.schema, 1e-3, network)
        block = round_trip(codec, records)
        assert block.codes == ()
        assert (
            block.to_bytes()
            == replace(codec, network=None, predictor=None).encode(records).to_bytes()
        )


def test_columns_choose_alone(generator: np.random.Generator) -> None:
    """In one block some columns use the network, and others do not."""
    records = ramp_records(generator)
    records = records.append_column("c", pa.array(np.arange(5000.0)))
    block = round_trip(make_codec(records.schema, 0.5, ramp_network(2)), records)
    methods = [column.method for column in block.columns]
    assert methods == [Method.NETWORK_RESIDUALS, Method.NETWORK_RESIDUALS, Method.DIRECT]


@pytest.mark.parametrize(("n_ramps", "is_kept"), [(1, False), (2, False), (3, False), (4, True)])
def test_directory_counts(n_ramps: int, is_kept: bool) -> None:
    """A network that saves no more than the lengths of its codes take is dropped."""
    # Predicting a constant of 192 saves one byte; two codes take four bytes, their lengths none or
    # two: the directory is compressed.
    columns = [pa.array([4.0] * 9), *[pa.array([192.0] * 9)] * n_ramps]
    records = batch_of(columns)
    codec = make_codec(records.schema, 0.5, ramp_network(n_ramps, n_idle=1))
    assert bool(round_trip(codec, records).codes) == is_kept


@given(st.sets(st.sampled_from(["a", "b", "c", "unknown"])), st.booleans())
def test_wanted_columns(wanted: set[str], is_dependent: bool) -> None:
    """Some columns decode to the bits they have among all, in the order of the schema."""
    generator = np.random.default_rng(3)
    records = ramp_records(generator, 500)
    if not is_dependent:
        records = pa.record_batch({name: generator.normal(size=500) for name in "ab"})
    records = records.append_column("c", pa.array(generator.normal(size=500)))
    network = ramp_network()
    inputs = network.standardization
    standardization = replace(inputs, center=np.zeros(3), scale=np.array([1.0, 1.0, 0.0]))
    codec = make_codec(records.schema, 0.5, replace(network, standardization=standardization))
    content = codec.encode(records).to_bytes()
    everything, some = codec.decode(content, 500), codec.decode(content, 500, wanted)
    assert list(some) == [name for name in "abc" if name in wanted]
    for name, column in some.items():
        assert raw_values(column).tobytes() == raw_values(everything[name]).tobytes()


def test_missing_inputs_do_not_break_codes(generator: np.random.Generator) -> None:
    """Rows of which every value is missing or beyond any scale still have codes, quietly."""
    values = np.array([np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0])
    records = pa.record_batch({"a": values, "b": pa.nulls(6, pa.float64())})
    for network in (ramp_network(), random_network(generator, 2)):
        units = np.stack([values, np.full(6, np.nan)], axis=1)
        codes = network.encode(records, ("a", "b"), units[:, network.columns])
        assert codes.shape[0] == 6
        assert np.abs(codes).max() <= CODE_MAX
        round_trip(make_codec(records.schema, 0.5, network), records)


@pytest.mark.parametrize("most_rows", [0, 299])
def test_more_rows_than_there_is_room_for(most_rows: int, generator: np.random.Generator) -> None:
    """A block that claims more rows than its row group has is refused."""
    records = ramp_records(generator, 300)
    codec = make_codec(records.schema, 0.5, ramp_network())
    content = codec.encode(records).to_bytes()
    with pytest.raises(ValueError, match=f"300 rows.* {most_rows}"):
        codec.decode(content, most_rows)
    assert codec.decode(content, 301)["a"].to_pylist() == records["a"].to_pylist()


def test_block_of_another_codec(generator: np.random.Generator) -> None:
    """A block that needs a network is refused by a codec that has none."""
    records = ramp_records(generator, 300)
    codec = make_codec(records.schema, 0.5, ramp_network())
    content = codec.encode(records).to_bytes()
    with pytest.raises(ValueError, match=r"\w"):
        replace(codec, network=None, predictor=None).decode(content, 300)


@pytest.mark.parametrize("code", [CODE_MAX + 1, -CODE_MAX - 1, 2**63 - 1, -(2**63)])
def test_codes_beyond_the_exact_range(code: int, generator: np.random.Generator) -> None:
    """Codes that no encoder writes, and whose sums would round, are refused."""
    codec = make_codec(ramp_records(generator, 1).schema, 0.5, ramp_network())
    zeros = pack_integers(np.zeros(3, np.int64))
    column = ColumnStreams(Method.NETWORK_RESIDUALS, zeros)
    block = BlockStreams(3, (pack_integers(np.array([0, code, 1])),), (column, column))
    with pytest.raises(ValueError, match="codes beyond"):
        codec.decode(block.to_bytes(), 3)


@given(st.data())
def test_damage_with_a_right_checksum(data: st.DataObject) -> None:
    """Any damage is a ValueError or columns of no more rows than there is room for."""
    generator = np.random.default_rng(5)
    records = ramp_records(generator, 200).append_column(
        "c", pa.array(generator.normal(size=200), mask=generator.random(200) < 0.1)
    )
    records = records.set_column(1, "b", pa.array([*records["b"].to_pylist()[:-1], np.inf]))
    codec = make_codec(records.schema, 0.5, random_network(generator, 3))
    body = bytearray(codec.encode(records).to_bytes()[4:])
    for position in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=4)):
        body[position] = data.draw(st.integers(0, 255))
    content = zlib.crc32(body).to_bytes(4, "little") + bytes(body)
    try:
        decoded = codec.decode(content, 200)
    except ValueError:
        return
    (n_rows,) = {len(column) for column in decoded.values()}
    assert n_rows <= 200


def test_predicted_columns(generator: np.random.Generator) -> None:
    """A column that others say, and one that keeps its course, cost next to nothing."""
    a = generator.integers(-50, 50, 4000)
    b = 3 * a - np.concatenate([a[:1], a[:-1]]) // 1
    records = pa.record_batch(
        {"a": a.astype(float), "b": b.astype(float), "c": np.cumsum(b).astype(float)}
    )
    predictor = LinearPredictor(
        order=np.int32([0, 1, 2]),
        follows=np.int8([0, 0, 1]),
        counts=np.int16([0, 2, 1]),
        sources=np.int32([0, 1, 2]),
        weights=np.int16([48, -16, 16]),
        shifts=np.int8([0, 4, 4]),
        biases=np.int32([0, 0, 0]),
    )
    block = round_trip(make_codec(records.schema, 0.5, None, predictor), records)
    methods = [Method.DIRECT, Method.LINEAR_RESIDUALS, Method.LINEAR_RESIDUALS]
    assert [column.method for column in block.columns] == methods
    assert [column.n_bytes for column in block.columns[1:]] == [2, 2]


def test_a_wanted_column_brings_what_predicts_it(generator: np.random.Generator) -> None:
    """Decoding one column gives the same values as decoding all."""
    records = mixed_batch(generator)
    predictor = random_predictor(generator, records.num_columns)
    codec = make_codec(records.schema, 0.01, random_network(generator, 9), predictor)
    content = codec.encode(records).to_bytes()
    whole = codec.decode(content, len(records))
    for name in records.schema.names:
        part = codec.decode(content, len(records), [name])
        assert list(part) == [name]
        np.testing.assert_array_equal(bits(raw_values(part[name])), bits(raw_values(whole[name])))
