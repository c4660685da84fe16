"""Sources whose files repeat each other's rows: kept once, followed by key, every bit back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, verify
from tests.support.data.datasets import read_table, write_tree
from tests.support.format_reader.fragment import read_fragment
from tests.support.values import assert_same_bits

N_ROWS = 12_000
QUICK = {"planner": {"learn": "never", "budget_s": 5.0}}


def station(series: int, number: int, n_rows: int = N_ROWS) -> pa.Table:
    """Hours, the weather of a series, and dust of its own."""
    weather, own = np.random.default_rng(series), np.random.default_rng(100 + number)
    heat = np.round(np.cumsum(weather.normal(0, 1, N_ROWS)), 1)
    wind = np.array(["N", "NNE", "E", "S", "calm"])[weather.integers(0, 5, N_ROWS)]
    wind = np.where(weather.random(N_ROWS) < 0.05, None, wind)
    columns = {
        "hour": np.arange(N_ROWS),
        "heat": pa.array(heat, mask=weather.random(N_ROWS) < 0.02),
        "wind": pa.array(wind.tolist(), pa.string()),
        "dust": np.round(own.gamma(2.0, 30.0, N_ROWS), 0),
    }
    return pa.table(columns).slice(0, n_rows)


def snapshot(day: int) -> pa.Table:
    """A table of customers of whom a few change from day to day."""
    start = np.random.default_rng(7)
    segment, balance = start.integers(0, 300, 8000), start.integers(0, 10**6, 8000)
    for number in range(day):
        change = np.random.default_rng(number)
        rows = change.integers(0, 8000, 80)
        segment[rows], balance[rows] = change.integers(0, 300, 80), change.integers(0, 10**6, 80)
    return pa.table({"id": np.arange(8000) * 3, "segment": segment, "balance": balance / 100})


def encoded(root: Path, tables: list[pa.Table], tolerance: float = 0.0) -> DatasetReport:
    """Encode tables, one file each, and verify them."""
    files = {f"part={number}/part-0.parquet": table for number, table in enumerate(tables)}
    write_tree(root / "source", files, 1 << 20)
    paths = {"source": str(root / "source"), "archive": str(root / "archive")}
    report = encode(EncodeJob(**paths, **QUICK, tolerance={"relative": tolerance}))
    assert report.failures == ()
    assert verify(VerifyJob(**paths)).failures == ()
    return report


def assert_decodes(root: Path, tables: list[pa.Table]) -> None:
    """Hold every decoded bit against the tables."""
    paths = {"archive": str(root / "archive"), "decoded": str(root / "decoded")}
    decode(DecodeJob(**paths))
    for number, table in enumerate(tables):
        got = read_table(root / "decoded" / f"part={number}/part-0.parquet")
        for name in table.column_names:
            assert_same_bits(table[name].combine_chunks(), got[name].combine_chunks())


@pytest.fixture(scope="module")
def stations(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[pa.Table], DatasetReport]:
    """Seven stations with the weather of two series and of their own, one of them shorter."""
    root = tmp_path_factory.mktemp("stations")
    series = [1, 2, 1, 2, 1, 3]
    tables = [station(one, number) for number, one in enumerate(series)]
    tables.append(station(2, 9, 1500))
    return root, tables, encoded(root, tables)


def test_shared_weather_is_stored_once(
    stations: tuple[Path, list[pa.Table], DatasetReport],
) -> None:
    """Files that repeat a series take little more than what only they hold."""
    _, _, report = stations
    assert report.bytes.model["references"] > 1000
    sizes = {one.relative: one.payload_bytes for one in report.fragments}
    new = sizes["part=5/part-0.parquet"]
    repeated = [size for name, size in sizes.items() if name[5] in "0123"]
    assert max(repeated) < 0.6 * new


def test_every_bit_comes_back(stations: tuple[Path, list[pa.Table], DatasetReport]) -> None:
    """Decoded stations are the source, those that follow others and those that do not."""
    root, tables, _ = stations
    assert_decodes(root, tables)


def test_a_reader_of_the_format_agrees(
    stations: tuple[Path, list[pa.Table], DatasetReport],
) -> None:
    """A reader made from docs/format.md alone follows the same rows."""
    root, tables, _ = stations
    arrays = read_fragment(root / "archive", "part=6/part-0.parquet")
    for name in tables[6].column_names:
        assert_same_bits(tables[6][name].combine_chunks(), arrays[name])


def test_later_files_follow_the_same_rows(tmp_path: Path) -> None:
    """A backfill's new file follows what the codec kept, or nothing, without a new codec."""
    tables = [station(1, number) for number in range(4)]
    first = encoded(tmp_path, tables)
    more = [*tables, station(1, 7), station(8, 8)]
    later = encoded(tmp_path, more)
    assert later.codec_ids == first.codec_ids
    follows, is_new = (one.payload_bytes for one in later.fragments[-2:])
    assert follows < 0.6 * is_new
    assert_decodes(tmp_path, more)


def test_daily_snapshots_cost_their_changes(tmp_path: Path) -> None:
    """Ten days of a table that changes by one per cent a day take less than two of them."""
    tables = [snapshot(day) for day in range(10)]
    report = encoded(tmp_path, tables)
    alone = encoded(tmp_path / "alone", tables[:1])
    whole = report.total.payload_bytes + report.bytes.model_bytes
    assert whole < 2 * (alone.total.payload_bytes + alone.bytes.model_bytes)
    assert_decodes(tmp_path, tables)


def test_rounded_columns_follow_too(tmp_path: Path) -> None:
    """Within a tolerance, cells are followed as exact integers are, and promises hold."""
    tables = [station(1, number) for number in range(4)]
    report = encoded(tmp_path, tables, 0.01)
    assert report.bytes.model["references"] > 1000
