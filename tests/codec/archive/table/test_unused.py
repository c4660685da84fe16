"""Models that no block uses: a codec is smaller without them, and its blocks are the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import MOST_ROWS, without_unused
from tests.support.codec.tables import table_codec

N_ROWS = 600


def rows_of(generator: np.random.Generator) -> pa.RecordBatch:
    """Numbers with and without nulls, on a grid and mapped, words, and lists."""
    rows = np.arange(N_ROWS)
    holes = generator.random(N_ROWS) < 0.2
    columns = {
        "walk": np.cumsum(generator.normal(0, 1, N_ROWS)),
        "noise": pa.array(generator.normal(0, 9, N_ROWS), mask=holes),
        "whole": rows // 7,
        "word": [f"word {number}" for number in generator.integers(0, 9, N_ROWS).tolist()],
        "list": pa.array([[1, 2][: row % 3] for row in rows.tolist()], pa.list_(pa.int64())),
    }
    return pa.record_batch(columns)


@pytest.mark.parametrize("seed", range(12))
def test_the_blocks_stay_the_same(seed: int) -> None:
    """Without unused models a codec makes the same bytes of the rows, and reads them."""
    generator = np.random.default_rng(seed)
    records = rows_of(generator)
    sample = pa.Table.from_batches([records])
    codec = table_codec(generator, sample, {"walk", "noise"}, 0.05)
    assert codec.table is not None
    block = codec.encode(records)
    table = without_unused(codec.table, codec.schema.lanes, [block])
    slim = replace(codec, table=table)
    assert slim.encode(records).to_bytes() == block.to_bytes()
    decoded, expected = (one.decode(block.to_bytes(), MOST_ROWS) for one in (slim, codec))
    assert decoded == expected
    assert without_unused(table, codec.schema.lanes, [block]) is table


def test_models_of_no_use_are_left_out() -> None:
    """A codec whose blocks store all columns without a model keeps none, and keeps its order."""
    codec = table_codec(
        np.random.default_rng(3), pa.Table.from_batches([rows_of(np.random.default_rng(3))])
    )
    assert codec.table is not None
    assert codec.table.model.models
    table = without_unused(codec.table, codec.schema.lanes, [])
    assert table.model.models == ()
    assert table.model.order == codec.table.model.order
    assert len(table.content) < len(codec.table.content)
