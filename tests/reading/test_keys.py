"""Partition keys as columns, of the types that DuckDB gives them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ae_pipeline

KINDS = {"BIGINT": "int64", "DATE": "date32[day]", "VARCHAR": "string"}


@pytest.mark.parametrize(
    "values",
    [
        ("1", "2", "10"),
        ("01", "02"),
        ("-3", "4"),
        ("2024-05-17", "2024-05-18"),
        ("2024-02-30", "2024-02-28"),
        ("2019-06", "2019-07"),
        ("true", "false"),
        ("1.5", "2.5"),
        ("12345678901234567890", "1"),
        ("a%20b", "c"),
        ("__HIVE_DEFAULT_PARTITION__", "7"),
    ],
)
def test_types_are_duckdbs(values: tuple[str, ...], tmp_path: Path) -> None:
    """A key has the type and the values that DuckDB reads from the same folders."""
    for value in values:
        (tmp_path / f"key={value}").mkdir()
        pq.write_table(pa.table({"a": [1, 2]}), tmp_path / f"key={value}/part.parquet")
    dataset = ae_pipeline.open(tmp_path)
    files = f"{tmp_path}/**/*.parquet"
    truth = duckdb.sql(f"select * from read_parquet('{files}', hive_partitioning=true)")  # noqa: S608, ours
    assert str(dataset.schema.field("key").type) == KINDS[str(truth.types[-1])]
    found = dataset.to_table(["a", "key"]).to_pylist()
    assert sorted(map(str, found)) == sorted(str(row) for row in truth.to_arrow_table().to_pylist())


def test_a_column_of_the_same_name_is_the_files_own(tmp_path: Path) -> None:
    """Where files have a column of a key's name, its values are theirs."""
    (tmp_path / "key=1").mkdir()
    pq.write_table(pa.table({"key": [7]}), tmp_path / "key=1/part.parquet")
    assert ae_pipeline.open(tmp_path).to_table().to_pydict() == {"key": [7]}
