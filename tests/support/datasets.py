"""Small real datasets on disk: what the tests of whole verbs read and write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

N_ROWS = 300
PARTITIONS = ("day=1", "day=2", "day=10")


def mixed_table(seed: int, n_rows: int = N_ROWS) -> pa.Table:
    """Every kind of column: dependent floats with missing values, and things to keep."""
    generator = np.random.default_rng(seed)
    hidden = generator.normal(size=(n_rows, 2))
    floats = hidden @ generator.normal(size=(2, 3)) + 5.0
    wide, half = floats[:, 1].astype(np.float32), floats[:, 2].astype(np.float16)
    if n_rows > 20:
        wide[:4] = [np.nan, np.inf, -np.inf, 0.0]
    is_null = np.arange(n_rows) % 7 == 3
    start = datetime(2026, 1, 1, tzinfo=UTC)
    columns = {
        "key": pa.array(range(n_rows), pa.int64()),
        "alpha": pa.array(floats[:, 0], pa.float64(), mask=is_null),
        "beta": pa.array(wide, pa.float32()),
        "name": pa.array([f"row {i}" for i in range(n_rows)], pa.string()).dictionary_encode(),
        "gamma": pa.array(half, pa.float16()),
        "flat": pa.array(np.full(n_rows, 2.5)),
        "empty": pa.nulls(n_rows, pa.float64()),
        "count": pa.array(np.round(hidden[:, 0] * 100), pa.int32()),
        "at": pa.array(
            [start + timedelta(hours=i) for i in range(n_rows)], pa.timestamp("us", "UTC")
        ),
        "price": pa.array([Decimal(i) / 100 for i in range(n_rows)], pa.decimal128(10, 2)),
        "tags": pa.array([[i, i + 1] for i in range(n_rows)], pa.list_(pa.int32())),
        "ok": pa.array([i % 2 == 0 for i in range(n_rows)], pa.bool_()),
    }
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    fields[1] = fields[1].with_metadata({"unit": "kPa"})
    return pa.table(list(columns.values()), pa.schema(fields, {"origin": "test"}))


def write_tree(root: Path, tables: dict[str, pa.Table], row_group_size: int = 128) -> Path:
    """Write each table at its relative path below `root`; returns `root`."""
    for relative, table in tables.items():
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, row_group_size=row_group_size)
    return root


def mixed_tree(root: Path) -> Path:
    """Three partitions of `mixed_table`, one fragment each."""
    tables = {
        f"{partition}/part-0.parquet": mixed_table(seed)
        for seed, partition in enumerate(PARTITIONS)
    }
    return write_tree(root, tables)


def read_table(path: Path) -> pa.Table:
    """One file as it is, without partition columns from its path."""
    return pq.ParquetFile(path).read()
