"""Blocks of every effort: the promise of every column, and no more bytes than forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import NETWORK_METHODS, Method
from ae_pipeline.config.effort import Effort
from ae_pipeline.results.fit import WayRecord
from tests.support.codec.archives import make_codec
from tests.support.codec.drawn import random_predictor
from tests.support.codec.ramps import ramp_network, ramp_records
from tests.support.codec.tables import table_codec
from tests.support.values import assert_keeps_promise, assert_same_bits

EFFORTS: list[Effort] = ["fast", "balanced", "small"]


def mixed(generator: np.random.Generator, n_rows: int = 3000) -> pa.RecordBatch:
    """Floats with and without nulls and odd values, whole numbers, text, flags and vectors."""
    base = np.cumsum(generator.normal(size=n_rows))
    odd = base.copy()
    odd[::100], odd[7::100], odd[9::500] = np.nan, np.inf, 1e308
    return pa.record_batch(
        {
            "double": base,
            "float": (2 * base + 1).astype(np.float32),
            "odd": odd,
            "some": pa.array(base, mask=generator.random(n_rows) < 0.2),
            "nulls": pa.nulls(n_rows, pa.float64()),
            "key": generator.integers(0, 9, n_rows),
            "word": pa.array([f"w{number}" for number in generator.integers(0, 50, n_rows)]),
            "is_on": generator.random(n_rows) < 0.1,
        }
    )


def measured(codec: ArchiveCodec, records: pa.RecordBatch) -> ArchiveCodec:
    """The codec with what its ways take of some rows."""
    ways = codec.measure_ways([records])
    return replace(codec, provenance=replace(codec.provenance, ways=ways))


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_like", [True, False], ids=["like the sample", "unlike it"])
def test_every_effort_keeps_the_promise(effort: Effort, seed: int, is_like: bool) -> None:
    """Floats come back within the tolerance and all else exactly, like the sample or not."""
    random = np.random.default_rng(seed)
    sample = mixed(random)
    features = {"double", "float", "odd", "some", "nulls"}
    codec = table_codec(random, pa.Table.from_batches([sample]), features, 0.01)
    codec = measured(replace(codec, predictor=random_predictor(random, len(features))), sample)
    records = mixed(random) if is_like else sample.slice(0, 40)
    content = codec.encode(records, choice=codec.choice(effort)).to_bytes()
    decoded = codec.decode(content, len(records))
    for name in records.schema.names:
        if name in features:
            assert_keeps_promise(records.column(name), decoded[name], 0.01)
        else:
            assert_same_bits(records.column(name), decoded[name])


@pytest.mark.parametrize("effort", EFFORTS)
def test_the_network_is_used_where_it_paid(effort: Effort, generator: np.random.Generator) -> None:
    """Blocks of a column that the network predicts have its residuals in every effort."""
    records = ramp_records(generator)
    codec = measured(make_codec(records.schema, 0.5, ramp_network()), records)
    block = codec.encode(records, choice=codec.choice(effort))
    assert block.codes
    assert block.columns[1].method in NETWORK_METHODS
    decoded = codec.decode(block.to_bytes(), len(records))
    assert_keeps_promise(records.column("b"), decoded["b"], 0.5)


def test_small_is_what_it_was(generator: np.random.Generator) -> None:
    """Records of ways change nothing of the default effort."""
    records = ramp_records(generator)
    codec = make_codec(records.schema, 0.5, ramp_network())
    known = measured(codec, records)
    expected = codec.encode(records).to_bytes()
    assert known.encode(records, choice=known.choice("small")).to_bytes() == expected
    assert codec.encode(records, choice=codec.choice("fast")).to_bytes() == expected
    assert known.id == codec.id


@pytest.mark.parametrize("effort", ["fast", "balanced"])
def test_all_ways_are_tried_beyond_the_forecast(
    effort: Effort, generator: np.random.Generator
) -> None:
    """A block in which the way of a column takes more than forecast gets the smallest of all."""
    smooth = np.cumsum(generator.integers(-1, 2, 5000)).astype(np.float64)
    rows = pa.record_batch({"a": generator.normal(0, 1e6, 5000), "b": smooth})
    predictor = random_predictor(np.random.default_rng(3), 2)
    codec = make_codec(rows.schema, 0.5, predictor=predictor)
    bad = WayRecord(Method.LINEAR_RESIDUALS, 1)
    known = replace(codec, provenance=replace(codec.provenance, ways=(bad, bad)))
    block = known.encode(rows, choice=known.choice(effort))
    assert block.n_bytes == codec.encode(rows).n_bytes


def test_within_the_forecast_one_way_is_enough(generator: np.random.Generator) -> None:
    """A block whose bytes are as forecast keeps the way of the fit, even if another is smaller."""
    rows = pa.record_batch({"a": generator.normal(0, 100, 5000)})
    codec = make_codec(rows.schema, 0.5)
    ways = (WayRecord(Method.DIRECT, 8000),)
    known = replace(codec, provenance=replace(codec.provenance, ways=ways))
    block = known.encode(rows, choice=known.choice("fast"))
    assert block.columns[0].method is Method.DIRECT
