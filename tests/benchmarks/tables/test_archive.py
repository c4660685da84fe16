"""Archives are measured as a user makes them, and wrong values are found."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.tables.archive import compare_tables, measure_archive
from benchmarks.tables.generated import GENERATED
from benchmarks.tables.source import TableSource, read_source


@pytest.fixture
def source(tmp_path: Path) -> TableSource:
    """Return a small table with a float column in it."""
    table = GENERATED["keys"](np.random.default_rng(0), 300).table
    (tmp_path / "source").mkdir()
    pq.write_table(table, tmp_path / "source/rows.parquet")
    return read_source(tmp_path / "source")


def test_an_exact_archive_is_exact(source: TableSource, tmp_path: Path) -> None:
    """At tolerance 0 every column is exact, and all bytes below the folder count."""
    found = measure_archive(source, 0.0, tmp_path)
    assert found.keeps_promise
    assert (found.n_wrong, found.inexact) == (0, ())
    files = [file for file in (tmp_path / "archive").rglob("*") if file.is_file()]
    assert found.n_bytes == sum(file.stat().st_size for file in files)


def test_wrong_values_are_counted(source: TableSource, tmp_path: Path) -> None:
    """Exact columns count their wrong values, others tell their worst error."""
    table = source.parts[0]
    level = pa.array(table["level"].to_numpy() + (np.arange(300) < 3))
    noise = pa.array(table["noise"].to_numpy() + 0.5)
    decoded = table.set_column(2, "level", level).set_column(3, "noise", noise)
    shutil.copytree(source.root, tmp_path / "decoded")
    pq.write_table(decoded, tmp_path / "decoded/rows.parquet")
    n_wrong, worst = compare_tables(source, tmp_path / "decoded", {"noise": 0.25})
    assert n_wrong == 3
    assert worst == pytest.approx(2.0)


def test_lost_columns_count_as_wrong(source: TableSource, tmp_path: Path) -> None:
    """A table without one of its columns is wrong as a whole."""
    shutil.copytree(source.root, tmp_path / "decoded")
    pq.write_table(source.parts[0].select(["key"]), tmp_path / "decoded/rows.parquet")
    assert compare_tables(source, tmp_path / "decoded", {}) == (300 * 4, math.inf)
