"""Rows of the benchmark: targets stay out of sight, and test rows are apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.latents.exchange import UNKNOWN
from benchmarks.latents.tables import read_rows, resampled, seen_rows

_ROWS = 200


def _dataset(root: Path, **columns: object) -> Path:
    root.mkdir(parents=True)
    pq.write_table(pa.table(columns), root / "part-0.parquet")
    return root


def test_targets_are_left_out(tmp_path: Path) -> None:
    """The target is no column of the rows, and rows without one are not drawn."""
    income = [">50K", "<=50K", None, "<=50K"] * (_ROWS // 4)
    rows = read_rows(_dataset(tmp_path / "adult_census", age=[1] * _ROWS, income=income), 100)
    assert rows.table.column_names == ["age"]
    assert rows.table.num_rows == len(rows.target) == 100
    assert set(rows.target) == {0, 1}
    assert 0 < rows.is_test.sum() < 100


def test_a_given_split_is_kept(tmp_path: Path) -> None:
    """Where a table says which rows are for the test, no others are; the rest has no labels."""
    root = tmp_path / "asd_servers"
    _dataset(root / "server=1/split=train", metric_00=[0.5] * 50, label=pa.nulls(50, pa.int8()))
    labels = pa.array([0, 1] * 25, pa.int8())
    _dataset(root / "server=1/split=test", metric_00=[0.5] * 50, label=labels)
    rows = read_rows(root, 1000)
    assert np.array_equal(rows.is_test, rows.target != UNKNOWN)
    assert rows.table.column_names == ["metric_00"]


def test_seen_rows_are_those_of_the_test() -> None:
    """Every value is in the training rows and again in the test rows."""
    rows = seen_rows("outliers", pa.table({"a": [1.0, 2.0, 3.0]}))
    values = rows.table["a"].to_numpy()
    assert np.array_equal(values[rows.is_test], values[~rows.is_test])
    assert resampled(rows, 20).table.num_rows == 20
