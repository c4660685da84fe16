"""Sources are files without partition keys."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.tables.source import read_source


def test_files_of_one_schema_are_also_one_table(tmp_path: Path) -> None:
    """Rows can be stored file by file or together, without the keys in the paths."""
    for number in range(3):
        folder = tmp_path / f"month={number}"
        folder.mkdir()
        pq.write_table(pa.table({"x": [number]}), folder / "a.parquet")
    source = read_source(tmp_path)
    assert source.columns == ("x",)
    assert [len(parts) for parts in source.layouts.values()] == [3, 1]
    assert source.layouts["as one"][0]["x"].to_pylist() == [0, 1, 2]


def test_files_that_differ_stay_apart(tmp_path: Path) -> None:
    """A column that changes its type has no common table."""
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": ["1"]}), tmp_path / "b.parquet")
    assert list(read_source(tmp_path).layouts) == ["by file"]


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    """A path of a file is read as it is."""
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    source = read_source(tmp_path / "a.parquet")
    assert (source.n_rows, source.file_bytes) == (1, (tmp_path / "a.parquet").stat().st_size)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """Nothing can be measured where there is no file."""
    with pytest.raises(FileNotFoundError, match="no Parquet file"):
        read_source(tmp_path)
