"""Slim footers: all that readers ask for, and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.parquet import block_writer, find_chunks, leaf_sizes
from ae_pipeline.parquet.schema import is_derivable

BLOCKS = [np.random.default_rng(size).bytes(size) for size in (3000, 2000)]
SCHEMA = pa.schema([("ae:block", pa.binary())])


def write(path: Path, schema: pa.Schema = SCHEMA) -> Path:
    """A file of two row groups with a block in the first row of each."""
    with block_writer(path, schema, "ae:block", {"ae:kind": "archive"}) as write:
        for block in BLOCKS:
            columns = [pa.nulls(400, field.type) for field in schema][:-1]
            columns.append(pa.array([block] + [None] * 399, pa.binary()))
            write(pa.RecordBatch.from_arrays(columns, schema=schema))
    return path


def test_readers_read_it(tmp_path: Path) -> None:
    """Arrow, with page checksums, DuckDB and Polars read blocks from a slim file."""
    path = write(tmp_path / "part.parquet")
    table = pq.ParquetFile(path, page_checksum_verification=True).read()
    assert table.schema.equals(SCHEMA)
    assert table["ae:block"].drop_null().to_pylist() == BLOCKS
    found = duckdb.read_parquet(str(path)).fetchall()
    assert [block for (block,) in found if block is not None] == BLOCKS
    assert polars.read_parquet(path)["ae:block"].drop_nulls().to_list() == BLOCKS


def test_it_has_what_our_own_readers_ask_for(tmp_path: Path) -> None:
    """Chunks, sizes, row groups and key-value metadata are there."""
    path = write(tmp_path / "part.parquet")
    with path.open("rb") as file:
        assert [chunk.n_values for (chunk,) in find_chunks(file)] == [400, 400]
        assert leaf_sizes(file)["ae:block"] > sum(map(len, BLOCKS))
    metadata = pq.read_metadata(path)
    assert metadata.metadata == {b"ae:kind": b"archive"}
    assert [metadata.row_group(n).num_rows for n in range(2)] == [400, 400]


def test_a_block_costs_little_beside_itself(tmp_path: Path) -> None:
    """Two blocks take at most 260 bytes of pages and footer."""
    path = write(tmp_path / "part.parquet")
    assert path.stat().st_size < sum(map(len, BLOCKS)) + 260


def test_kept_columns_keep_their_types(tmp_path: Path) -> None:
    """The Arrow schema is stored where the Parquet schema does not say it."""
    plain = pa.schema([("n", pa.int64()), ("s", pa.string()), *SCHEMA])
    typed = pa.schema([("d", pa.duration("s")), ("l", pa.large_string()), *SCHEMA])
    assert is_derivable(plain)
    assert not is_derivable(typed)
    for schema in (plain, typed, plain.set(0, plain.field(0).with_metadata({"unit": "m"}))):
        read = pq.read_schema(write(tmp_path / "part.parquet", schema)).remove_metadata()
        assert read.equals(schema, check_metadata=True)
