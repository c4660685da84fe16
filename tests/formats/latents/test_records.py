"""Rows of features, composed and taken apart: latents of every type, whoever rewrites them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.features import EXACT, LatentRounding
from ae_pipeline.columns import TableSchema
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.formats.latents.records import compose_records, features_schema, split_records

SOURCE = pa.schema([("key", pa.int64()), ("x", pa.float64())])
ROLES = TableSchema(SOURCE, ("x",))
ROUNDINGS = {
    "exact": EXACT,
    "float32": LatentRounding("float32", (0.25, 0.5)),
    "float16": LatentRounding("float16", (0.25, 0.5)),
    "half": LatentRounding("float16"),
    "int8": LatentRounding("int8", (0.75, 0.75)),
}


def composed(rounding: LatentRounding, latents: np.ndarray) -> pa.RecordBatch:
    """Rows as they are written, of latents that the codec has rounded."""
    n_rows, n_latents = latents.shape
    records = pa.record_batch([np.arange(n_rows), np.zeros(n_rows)], schema=SOURCE)
    schema = features_schema(SOURCE, ROLES, n_latents, "latent", rounding)
    return compose_records(records, latents, None, schema, rounding)


def taken(rounding: LatentRounding, records: pa.RecordBatch) -> np.ndarray:
    """Latents that a reader finds in rows."""
    return split_records(records, "latent", 2, 1, "here", rounding).latents


def some_latents(rounding: LatentRounding, n_rows: int, seed: int = 0) -> np.ndarray:
    """Rounded latents, extreme ones among them."""
    latents = np.random.default_rng(seed).normal(size=(n_rows, 2)).astype(np.float32) * 4
    latents[::5] = [np.finfo(np.float32).max, -1e9]
    return rounding.apply(latents)


@given(st.sampled_from(sorted(ROUNDINGS)), st.integers(0, 40), st.integers(0, 9))
def test_latents_come_back(name: str, n_rows: int, seed: int) -> None:
    """Latents of every type are the codec's, bit by bit, of no rows, one, or many."""
    rounding = ROUNDINGS[name]
    latents = some_latents(rounding, n_rows, seed)
    got = taken(rounding, composed(rounding, latents))
    assert got.dtype == np.float32
    assert got.tobytes() == latents.tobytes()


@pytest.mark.parametrize("name", sorted(ROUNDINGS))
def test_other_tools_may_rewrite_them(name: str, tmp_path: Path) -> None:
    """Polars and DuckDB write lists of their own, and the same latents are found there."""
    rounding, path = ROUNDINGS[name], tmp_path / "features.parquet"
    latents = some_latents(rounding, 30)
    pq.write_table(pa.Table.from_batches([composed(rounding, latents)]), path)
    polars.read_parquet(path).write_parquet(tmp_path / "polars.parquet")
    with duckdb.connect() as connection:
        rows = connection.read_parquet(str(path))
        rows.write_parquet(str(tmp_path / "duckdb.parquet"))
        doubles = rows.project('"key", latent::DOUBLE[] AS latent, "ae:missing"')
        doubles.write_parquet(str(tmp_path / "doubles.parquet"))
    rewritten = ["polars", "duckdb"] if name == "int8" else ["polars", "duckdb", "doubles"]
    for tool in rewritten:
        table = pq.read_table(tmp_path / f"{tool}.parquet").combine_chunks()
        (records,) = table.to_batches()
        assert taken(rounding, records).tobytes() == latents.tobytes(), tool


def test_integers_say_their_scale(tmp_path: Path) -> None:
    """A reader of int8 that knows the column's metadata alone finds the latents."""
    rounding, path = ROUNDINGS["int8"], tmp_path / "features.parquet"
    latents = some_latents(rounding, 30)
    pq.write_table(pa.Table.from_batches([composed(rounding, latents)]), path)
    column = pq.read_table(path)["latent"]
    metadata = pq.read_schema(path).field("latent").metadata
    assert column.type.value_type == pa.int8()
    numbers = column.combine_chunks().flatten().to_numpy().astype(np.float32)
    found = (numbers - int(metadata[b"ae:zero_point"])) * float(metadata[b"ae:scale"])
    np.testing.assert_array_equal(found.reshape(-1, 2), latents)


@pytest.mark.parametrize(
    "latent",
    [
        pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
        pa.array([[1, 2], [3]], pa.list_(pa.float32())),
        pa.array([[1, 2], [3, 4]], pa.list_(pa.int8())),
        pa.array([["a", "b"], ["c", "d"]], pa.list_(pa.string())),
    ],
    ids=["null", "short", "integers of exact ones", "texts"],
)
def test_malformed_latents_are_named(latent: pa.Array) -> None:
    """Latents that are none are refused, and the message names the place."""
    missing = pa.nulls(2, pa.binary())
    records = pa.record_batch({"key": [1, 2], "latent": latent, "ae:missing": missing})
    with pytest.raises(CorruptFragmentError, match="here"):
        taken(EXACT, records)
