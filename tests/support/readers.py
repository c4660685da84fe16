"""How people open a folder of Parquet files, by real readers and in their plainest words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq

#: Rows of a day, counted by one reader.
Count = Callable[[Path, int], int]


def _duckdb(folder: Path, day: int) -> int:
    with duckdb.connect() as connection:
        query = "SELECT count(*) FROM read_parquet(?) WHERE day = ?"
        (row,) = connection.execute(query, [f"{folder}/**/*.parquet", day]).fetchall()
    return int(row[0])


def _polars_of(table: pl.LazyFrame, day: int) -> int:
    return int(table.filter(pl.col("day") == day).select(pl.len()).collect().item())


def _polars_folder(folder: Path, day: int) -> int:
    return _polars_of(pl.scan_parquet(folder), day)


def _polars_glob(folder: Path, day: int) -> int:
    return _polars_of(pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True), day)


def _arrow_dataset(folder: Path, day: int) -> int:
    return int(ds.dataset(folder, partitioning="hive").count_rows(filter=ds.field("day") == day))


def _arrow_table(folder: Path, day: int) -> int:
    """As `pandas.read_parquet(folder)` calls it."""
    return int(pq.read_table(folder, filters=[("day", "=", day)]).num_rows)


#: All but Polars' own way to open a folder: it opens every file in it.
BY_GLOB: Mapping[str, Count] = MappingProxyType(
    {
        "DuckDB": _duckdb,
        "Polars, glob": _polars_glob,
        "Arrow": _arrow_dataset,
        "pandas": _arrow_table,
    }
)
READERS: Mapping[str, Count] = MappingProxyType({**BY_GLOB, "Polars": _polars_folder})
