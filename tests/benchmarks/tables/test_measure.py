"""Peers really store what they are given, and say what they cannot hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.tables.formats import BEST_PARQUET, CSV_XZ, FORMATS
from benchmarks.tables.measure import measure_table_peer, source_entry
from benchmarks.tables.peer import TablePeer
from benchmarks.tables.random_tables import DRAWN
from benchmarks.tables.source import TableSource, read_source

#: OpenZL tries its graphs in children; the command has a process for each peer.
pytestmark = pytest.mark.filterwarnings("ignore:lance is not fork-safe:UserWarning")

_PLAIN = ("int8", "int32", "uint64", "float64", "boolean", "date32", "timestamp ms", "string")
_EVERY = [peer for peer in FORMATS if peer.is_installed]


def _write(root: Path, names: tuple[str, ...], n_files: int = 2) -> TableSource:
    """Write files of these types, a tenth of their values null, and read them."""
    random = np.random.default_rng(0)
    for number in range(n_files):
        keep = pa.array(np.arange(300), mask=random.random(300) < 0.1)
        columns = {name: DRAWN[name](random, 300).take(keep) for name in names}
        folder = root / f"part={number}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / "rows.parquet")
    return read_source(root)


@pytest.mark.parametrize("peer", _EVERY, ids=lambda peer: peer.name)
def test_peers_hold_plain_tables(peer: TablePeer, tmp_path: Path) -> None:
    """Every installed peer returns a table of plain types, and its bytes are those of files."""
    source = _write(tmp_path / "source", _PLAIN)
    found = measure_table_peer(peer, source, tmp_path / "stored")
    assert found.failure == ""
    sizes = {
        sum(file.stat().st_size for file in layout.rglob("*") if file.is_file())
        for layout in (tmp_path / "stored").iterdir()
    }
    assert found.fallen or found.n_bytes in sizes
    if found.columns is not None:
        assert list(found.columns) == list(_PLAIN)
        assert sum(found.columns.values()) < found.n_bytes


@pytest.mark.parametrize("peer", _EVERY, ids=lambda peer: peer.name)
def test_peers_survive_every_type(peer: TablePeer, tmp_path: Path) -> None:
    """A column that a peer cannot hold is stored as Parquet and named; nothing fails."""
    source = _write(tmp_path / "source", tuple(DRAWN), 1)
    found = measure_table_peer(peer, source, tmp_path / "stored")
    assert found.failure == ""
    assert found.n_bytes > 0
    assert peer is BEST_PARQUET or set(found.fallen) < set(DRAWN)


def test_csv_cannot_hold_lists(tmp_path: Path) -> None:
    """Lists are no CSV, so that column alone falls back."""
    source = _write(tmp_path / "source", ("int32", "list"), 1)
    assert measure_table_peer(CSV_XZ, source, tmp_path / "stored").fallen == ("list",)


def test_a_lossy_peer_is_found_out(tmp_path: Path) -> None:
    """A format that rounds numbers does not get away with it."""
    source = _write(tmp_path / "source", ("int32", "float64"), 1)

    def write(table: pa.Table, path: Path, choice: None) -> None:
        columns = {name: table[name] for name in table.column_names}
        if "float64" in columns:
            columns["float64"] = columns["float64"].cast(pa.float32()).cast(pa.float64())
        pq.write_table(pa.table(columns), path)

    peer = TablePeer("rounding", write, lambda path, schema: pq.ParquetFile(path).read())
    assert measure_table_peer(peer, source, tmp_path / "stored").fallen == ("float64",)


def test_a_missing_peer_is_named(tmp_path: Path) -> None:
    """A peer that is not installed has no figures, and says why."""
    source = _write(tmp_path / "source", ("int32",), 1)
    peer = TablePeer("absent", BEST_PARQUET.write, BEST_PARQUET.read, package="no_such_package")
    assert measure_table_peer(peer, source, tmp_path).failure == "not installed"


def test_best_parquet_beats_the_default(tmp_path: Path) -> None:
    """The best Parquet is smaller than the files that Arrow writes by default."""
    source = _write(tmp_path / "source", _PLAIN)
    found = measure_table_peer(BEST_PARQUET, source, tmp_path / "stored")
    assert found.n_bytes < source_entry(source).n_bytes
