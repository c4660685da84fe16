"""Views: links to live files where these suit, and the same bytes in every run where not."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from ae_pipeline.dataset import fingerprint
from ae_pipeline.errors import CorruptFragmentError, TableFormatError
from tests.support.checks import assert_one_line
from tests.support.lake import add, field, read, write_log


def test_live_files_are_read_where_they_lie(tmp_path: Path) -> None:
    """A file with the table's columns is the fragment itself; below the root lies a link to it."""
    write_deltalake(tmp_path / "t", pa.table({"a": [1]}))
    with read(f"delta://{tmp_path}/t") as dataset:
        (fragment,) = dataset.fragments
        assert fragment.path.parent == tmp_path / "t"
        assert (dataset.root / fragment.relative).samefile(fragment.path)
        root = dataset.root
    assert not root.exists()


def test_files_written_anew_have_the_same_fingerprint_each_time(tmp_path: Path) -> None:
    """What an archive holds of such a file is current in the next run."""
    table = tmp_path / "t"
    write_deltalake(table, pa.table({"a": np.arange(100_000), "s": ["x", "y"] * 50_000}))
    more = pa.table({"a": [1], "s": ["z"], "n": [0.5]})
    write_deltalake(table, more, mode="append", schema_mode="merge")
    found = []
    for _ in range(2):
        with read(str(table)) as dataset:
            assert dataset.table is not None
            assert dataset.table.n_rewritten == 1
            found.append([fingerprint(one) for one in dataset.fragments])
    assert found[0] == found[1]


def test_the_table_in_a_line(tmp_path: Path) -> None:
    """Version, live files, those in other columns, and the dead ones are told."""
    table = tmp_path / "t"
    write_deltalake(table, pa.table({"a": [1]}))
    write_deltalake(table, pa.table({"a": [2]}), mode="overwrite")
    more = pa.table({"a": [1], "n": [0.5]})
    write_deltalake(table, more, mode="append", schema_mode="merge")
    DeltaTable(table).create_checkpoint()
    with read(str(table)) as dataset:
        assert dataset.table is not None
        assert dataset.table.told == (
            "Delta table, version 2, 2 live files (1 in other columns), 1 dead files ignored"
        )


@pytest.mark.parametrize("is_mapped", [False, True])
def test_one_damaged_file_is_one_damaged_file(is_mapped: bool, tmp_path: Path) -> None:
    """Whether or not it would be written anew, the others are read, and it is named."""
    table = tmp_path / "t"
    table.mkdir()
    pq.write_table(pa.table({"a": [1]}), table / "a.parquet")
    (table / "b.parquet").write_bytes(b"PAR1 and no more")
    fields = [field("a", "long"), *([field("b", "long")] if is_mapped else [])]
    write_log(table, fields, [add("a.parquet", 1), add("b.parquet", 1)])
    with read(str(table)) as dataset:
        good, bad = dataset.fragments
        assert dataset.schema(good).names == [one["name"] for one in fields]
        with pytest.raises(CorruptFragmentError, match=r"b\.parquet"):
            dataset.schema(bad)


def test_values_that_would_change_are_refused(tmp_path: Path) -> None:
    """A file whose column is wider than the table's is named with both types."""
    table = tmp_path / "t"
    table.mkdir()
    pq.write_table(pa.table({"a": [1]}), table / "a.parquet")
    write_log(table, [field("a", "integer")], [add("a.parquet", 1)])
    with pytest.raises(TableFormatError) as caught, read(str(table)):
        pass
    assert_one_line(caught.value, "a.parquet", "column 'a' is int64, in the table int32")


def test_timestamps_of_96_bits_stay(tmp_path: Path) -> None:
    """Spark's old timestamps are live files as they are, and keep their values where not."""
    table = tmp_path / "t"
    table.mkdir()
    early = pa.array([-(2**56), 2**56], pa.timestamp("us"))  # beyond what nanoseconds reach
    rows = pa.table({"at": early})
    pq.write_table(rows, table / "a.parquet", use_deprecated_int96_timestamps=True)
    pq.write_table(rows, table / "b.parquet", use_deprecated_int96_timestamps=True)
    adds = [add("a.parquet", 1)]
    write_log(table, [field("at", "timestamp"), field("n", "long")], adds)
    with read(str(table)) as dataset:
        found = pq.read_table(dataset.fragments[0].path)
        assert found["at"].cast(pa.int64()).to_pylist() == [-(2**56), 2**56]


@pytest.mark.heavy
def test_memory_is_flat(tmp_path: Path) -> None:
    """A file that is written anew is never in memory as a whole."""
    table = tmp_path / "t"
    table.mkdir()
    with pq.ParquetWriter(table / "a.parquet", pa.schema([("a", pa.float64())])) as writer:
        random = np.random.default_rng(0)
        for _ in range(60):
            writer.write_table(pa.table({"a": random.normal(size=1 << 20)}))
    size_bytes = (table / "a.parquet").stat().st_size
    write_log(table, [field("a", "double"), field("b", "long")], [add("a.parquet", 1)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with read(str(table)) as dataset:
        assert pq.read_metadata(dataset.fragments[0].path).num_rows == 60 << 20
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown << (10 if sys.platform == "linux" else 0) < size_bytes // 2
