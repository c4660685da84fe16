"""Columns of every kind through the verbs: fitted, encoded month by month, decoded."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.config.job import BackfillJob, DecodeJob, EncodeJob
from ae_pipeline.formats import FeaturesFormat, open_format
from ae_pipeline.inputs import EXACT_COLUMN
from ae_pipeline.storage import codec_directory
from ae_pipeline.verbs import backfill, decode, encode
from tests.support.data.copies import copy_dataset
from tests.support.data.datasets import write_tree
from tests.support.data.kinds import N_ROWS, kinds_table

SETTINGS: dict[str, Any] = {
    "columns": {"learn": "all"},
    "training": {"epochs": 3, "batch_size": 64},
    "network": {"latent_dim": 2},
}
LATER = {"words": ("low", "new", "other"), "constant": -3}
MONTH = "month=3/part.parquet"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months and their features; nobody may change them."""
    root = tmp_path_factory.mktemp("kinds")
    tables = {f"month={n}/part.parquet": kinds_table(n) for n in (1, 2)}
    write_tree(root / "source", tables)
    execution = {"engine": "processes", "workers": 2}
    report = encode(EncodeJob(**places(root), **SETTINGS, execution=execution))
    assert (report.failures, report.total.n_rows) == ((), 2 * N_ROWS)
    return root


@pytest.fixture
def root(fitted: Path, tmp_path: Path) -> Path:
    """A copy with a third month, which has new categories and another constant."""
    for name in ("source", "features"):
        copy_dataset(fitted / name, tmp_path / name)
    write_tree(tmp_path / "source", {MONTH: kinds_table(3, **LATER)})
    return tmp_path


def places(root: Path) -> dict[str, str]:
    """Source and features."""
    return {"source": str(root / "source"), "features": str(root / "features")}


def codec_of(root: Path) -> FeaturesCodec:
    """The one codec of the features."""
    (folder,) = codec_directory(root / "features", "0" * 20).parent.iterdir()
    format = open_format(folder)
    assert isinstance(format, FeaturesFormat)
    return format.codec


def decoded(root: Path, **settings: Any) -> Path:
    """Decode the features and compare them with their source."""
    job = DecodeJob(**places(root), decoded=str(root / "decoded"), **settings)
    assert decode(job).failures == ()
    return root / "decoded"


def read(path: Path) -> pa.Table:
    """All columns of one file."""
    return pq.ParquetFile(path).read()


def test_kinds(fitted: Path) -> None:
    """All columns but the key of text are learned, those of few values as categories."""
    codec = codec_of(fitted)
    assert set(codec.schema.kept) == {"name"}
    names = {codec.schema.lanes[lane]: one for lane, one in codec.categories.items()}
    assert set(names) == {"few", "flag", "word", "entry"}
    assert set(names["word"].values) == {"low", "high"}
    assert names["word"].has_null
    assert codec.keeps_exact


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_types_and_nulls_come_back(fitted: Path, tmp_path: Path, engine: str) -> None:
    """On every engine schemas and nulls are the source's, and so are columns that never vary."""
    for name in ("source", "features"):
        copy_dataset(fitted / name, tmp_path / name)
    folder = decoded(tmp_path, execution={"engine": engine, "workers": 2})
    for month in (1, 2):
        ours, theirs = (
            read(place / f"month={month}/part.parquet") for place in (folder, fitted / "source")
        )
        assert ours.schema.equals(theirs.schema)
        for name in theirs.column_names:
            assert ours[name].is_null().equals(theirs[name].is_null()), name
        assert ours.select(["constant", "name"]).equals(theirs.select(["constant", "name"]))


def test_next_month(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Categories and constants that no one had seen come back exactly, and the log tells it."""
    with caplog.at_level(logging.WARNING):
        report = encode(EncodeJob(**places(root), **SETTINGS))
    assert (report.failures, report.n_written) == ((), 1)
    told = [line for line in (*report.warnings, *caplog.messages) if "column constant" in line]
    assert told
    assert all("stored one by one" in line for line in told)
    stored = read(root / "features" / MONTH)
    assert stored[EXACT_COLUMN].null_count < N_ROWS
    ours, theirs = (read(root / "source" / MONTH), read(decoded(root) / MONTH))
    is_new = pc.is_in(theirs["word"], pa.array(["new", "other"]))
    assert pc.sum(is_new).as_py() > N_ROWS // 3
    assert ours["word"].filter(is_new).equals(theirs["word"].filter(is_new))
    assert ours["constant"].equals(theirs["constant"])


def test_metrics_by_kind(root: Path) -> None:
    """Categories have accuracy and F1, numbers have errors."""
    folder = decoded(root)
    (path,) = folder.with_name("decoded.ae").rglob("metrics.pq")
    rows = {one["column"]: one for one in read(path).to_pylist() if one["partition"] == "total"}
    for name in ("few", "flag", "word", "entry"):
        assert 0 <= rows[name]["macro_f1"] <= 1
        assert 0 <= rows[name]["accuracy"] <= 1
        assert rows[name]["n_mismatched"] == 0
    for name in ("x", "count", "at", "day", "price", "point"):
        assert rows[name]["accuracy"] is None
        assert rows[name]["mse"] > 0


def test_backfill_of_a_new_month(root: Path) -> None:
    """Backfill writes the month that is missing, with the codec that is there, once."""
    codec_id = codec_of(root).id
    first, second = (backfill(BackfillJob(**places(root), **SETTINGS)) for _ in range(2))
    assert first.report is not None
    assert (first.report.failures, first.report.n_written) == ((), 1)
    assert second.report is None
    assert codec_of(root).id == codec_id
    assert len(read(decoded(root) / MONTH)) == N_ROWS


def test_rows_without_exact_values(root: Path) -> None:
    """A fragment that lost its column of exact values fails by name, and the others decode."""
    encode(EncodeJob(**places(root), **SETTINGS))
    path = root / "features" / MONTH
    table = read(path)
    path.unlink()
    pq.write_table(table.drop_columns([EXACT_COLUMN]), path)
    shutil.rmtree(root / "source")
    report = decode(DecodeJob(features=str(root / "features"), decoded=str(root / "decoded")))
    (failure,) = report.failures
    assert "no column ae:exact" in str(failure)
    assert report.total.n_rows == 2 * N_ROWS


def test_rows_that_others_sorted(root: Path) -> None:
    """A fragment that pandas or DuckDB sorted, filtered and rewrote decodes row by row."""
    encode(EncodeJob(**places(root), **SETTINGS))
    path = root / "features" / MONTH
    whole = read(decoded(root) / MONTH)
    table = read(path)
    chosen = pa.array(range(N_ROWS - 1, 100, -3))
    path.unlink()
    pq.write_table(table.take(chosen), path)
    shutil.rmtree(root / "decoded")
    shutil.rmtree(root / "source")
    job = DecodeJob(features=str(root / "features"), decoded=str(root / "moved"))
    assert decode(job).failures == ()
    moved = read(root / "moved" / MONTH)
    assert moved.to_pylist() == whole.take(chosen).to_pylist()
