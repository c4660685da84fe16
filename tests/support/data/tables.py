"""Small tables, and fragments of one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.dataset import Fragment

FLOATS = (pa.float16(), pa.float32(), pa.float64())
INTEGERS = (
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
)


def numbers_table(n_rows: int, seed: int = 0) -> pa.Table:
    """A key, two dependent floats and a word."""
    values = np.random.default_rng(seed).normal(size=n_rows)
    return pa.table(
        {
            "key": pa.array(range(n_rows), pa.int64()),
            "a": values,
            "b": (2 * values + 1).astype(np.float32),
            "word": pa.array([f"é{row % 5}" for row in range(n_rows)], pa.string()),
        }
    )


def write_fragment(path: Path, table: pa.Table, **options: object) -> Fragment:
    """Write one Parquet file and describe it as its dataset's only fragment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return fragment_at(path)


def fragment_at(path: Path) -> Fragment:
    """An existing file as a fragment, whatever it holds."""
    return Fragment(path, path.name, path.stat().st_size)
