"""Every verb works from a table's snapshot, says which, and neither changes nor retires it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.memory import InMemoryCatalog

from ae_pipeline.codec import load_codec
from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, EstimateJob, FitJob, VerifyJob
from ae_pipeline.config.load import load_job
from ae_pipeline.dataset import discover
from ae_pipeline.errors import (
    AePipelineError,
    ConfigError,
    DestinationOverlapError,
    MissingExtraError,
    TableFormatError,
)
from ae_pipeline.lake import reading_table, source_place, view_of
from ae_pipeline.verbs import backfill, compress, decode, encode, estimate, fit, inspect, verify
from tests.support.checks import assert_one_line
from tests.support.lake import as_rows, names_of, rows_of

EXACT: dict[str, Any] = {"tolerance": {"relative": 0}, "planner": {"learn": "never"}}


def some(n_rows: int, seed: int = 0) -> pa.Table:
    """Rows of two partitions."""
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "x": random.normal(size=n_rows),
            "k": random.integers(0, 9, n_rows),
            "day": [f"2024-01-0{1 + row % 2}" for row in range(n_rows)],
        }
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A Delta table of two versions, cut by day; the second has deleted rows."""
    write_deltalake(tmp_path / "sales", some(200), partition_by=["day"])
    DeltaTable(tmp_path / "sales").delete("k = 3")
    return tmp_path / "sales"


def rows_decoded(folder: Path) -> object:
    """Rows below a folder, partitions from its names."""
    return as_rows(pq.read_table(folder, partitioning=None))


def test_encode_verify_decode(table: Path, tmp_path: Path) -> None:
    """An archive holds the rows of the snapshot that its codec and its report name."""
    archive, decoded = str(tmp_path / "archive"), tmp_path / "decoded"
    report = encode(EncodeJob(source=f"delta://{table}", archive=archive, **EXACT))
    pinned = f"delta://{table}@1"
    assert report.source == pinned
    codec = load_codec(next((tmp_path / "archive" / "_ae" / "codecs").iterdir()))
    assert codec.provenance.source == pinned
    checked = verify(VerifyJob(source=pinned, archive=archive))
    assert not checked.failures
    assert checked.total.n_rows == DeltaTable(table).to_pyarrow_table().num_rows
    decode(DecodeJob(source=pinned, archive=archive, decoded=str(decoded)))
    found = [path.relative_to(decoded).as_posix() for path in decoded.glob("day=*/*")]
    assert sorted(found) == sorted(names_of(pinned))
    stored = pa.concat_tables(
        pq.read_table(path, partitioning=None) for path in decoded.glob("day=*/*")
    )
    assert as_rows(stored) == rows_of(pinned)


def test_only_new_files_of_a_new_version_are_encoded(table: Path, tmp_path: Path) -> None:
    """Files of both versions stay as they are; those that left the snapshot can be pruned."""
    job = {"archive": str(tmp_path / "archive"), **EXACT}
    encode(EncodeJob(source=f"delta://{table}@0", **job))
    unchanged = set(names_of(f"delta://{table}@0"))
    write_deltalake(table, some(20, seed=1), mode="append", partition_by=["day"])
    newest = set(names_of(str(table)))
    done = backfill(
        EncodeJob(source=str(table), backfill={"prune": True}, execution={"force": True}, **job)
    )
    assert done.report is not None
    written = {one.relative for one in done.report.fragments if one.state == "written"}
    assert done.plan.source == f"delta://{table}@2"
    assert {one.relative for one in done.plan.selected} == newest - unchanged
    assert written >= newest - unchanged
    assert {one.relative for one in done.plan.pruned} == unchanged - newest
    assert not verify(VerifyJob(source=str(table), archive=job["archive"])).failures
    again = backfill(EncodeJob(source=str(table), **job))
    assert not again.plan.selected


def test_compress_twice(table: Path, tmp_path: Path) -> None:
    """The nightly run reads back what it wrote, and has nothing to do at the same version."""
    job = CompressJob(source=f"delta://{table}", archive=str(tmp_path / "archive"), **EXACT)
    first, second = compress(job), compress(job)
    assert not first.failures
    assert first.verified is not None
    assert not second.plan.selected
    assert not first.retired


def test_processes_read_the_view(table: Path, tmp_path: Path) -> None:
    """Workers of other processes find the fragments, those that were written anew as well."""
    more = some(20, seed=1).append_column("n", pa.array(np.arange(20)))
    write_deltalake(table, more, mode="append", schema_mode="merge", partition_by=["day"])
    archive = str(tmp_path / "archive")
    execution = {"engine": "processes", "scratch": str(tmp_path / "scratch")}
    job = {"source": str(table), "archive": archive, "execution": execution}
    assert not encode(EncodeJob(**job, **EXACT)).failures
    assert not verify(VerifyJob(**job)).failures
    assert not os.listdir(tmp_path / "scratch")


def test_estimate_and_fit(table: Path, tmp_path: Path) -> None:
    """Both name the snapshot that they measured."""
    source = f"delta://{table}"
    assert estimate(EstimateJob(source=source, **EXACT)).source == f"{source}@1"
    made = fit(FitJob(source=source, codec=str(tmp_path / "codec"), codec_for="archive", **EXACT))
    assert made.n_rows == DeltaTable(table).to_pyarrow_table().num_rows
    assert inspect(str(tmp_path / "codec")).facts["fitted on"] == f"{source}@1"


def test_inspect_tells_the_snapshot(table: Path) -> None:
    """Version, live and dead files, by the table's name and by that of its folder."""
    for source in (str(table), f"delta://{table}@1"):
        facts = inspect(source).facts
        assert facts["table"] == "Delta table, version 1, 2 live files, 2 dead files ignored"
        assert facts["fragments"] == 2


def test_iceberg_from_end_to_end(tmp_path: Path) -> None:
    """The same verbs work from a table of Iceberg."""
    catalog = InMemoryCatalog("tests", warehouse=f"file://{tmp_path}/warehouse")
    catalog.create_namespace("n")
    made = catalog.create_table("n.t", some(1).schema)
    made.append(some(200))
    made.delete("k = 3")
    source = made.location().replace("file://", "iceberg://")
    archive = str(tmp_path / "archive")
    assert not encode(EncodeJob(source=source, archive=archive, **EXACT)).failures
    pinned = f"{source}@{made.current_snapshot().snapshot_id}"
    checked = verify(VerifyJob(source=pinned, archive=archive))
    assert not checked.failures
    assert checked.total.n_rows == made.scan().to_arrow().num_rows
    assert str(inspect(source).facts["table"]).startswith("Iceberg table, snapshot ")
    catalog.close()


def test_a_plain_folder_is_told(table: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever names a folder hears that it is a table, and how to name the same version again."""
    with caplog.at_level(logging.INFO), reading_table(str(table)) as pinned:
        assert pinned == f"delta://{table}@1"
    assert f"{table}: Delta table, read as its newest snapshot {pinned}" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


def test_relative_names(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is named as a folder is, and its name stays as it was written."""
    monkeypatch.chdir(tmp_path)
    with reading_table("delta://sales/") as pinned:
        assert pinned == "delta://sales@1"
        assert len(discover(pinned).fragments) == 2


def test_one_version_through_a_whole_job(table: Path) -> None:
    """What is written to a table while a job reads it is the next job's."""
    with reading_table(f"delta://{table}") as pinned:
        write_deltalake(table, some(10), mode="append", partition_by=["day"])
        with reading_table(pinned) as again:
            assert again == pinned
            assert len(discover(pinned).fragments) == 2
            folder = source_place(pinned)
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(RuntimeError, match="no visit"):
        view_of(pinned)


def test_vanished_files_fail_one_by_one(table: Path, tmp_path: Path) -> None:
    """A file that a vacuum takes while a job runs is named; it is no orphan to be pruned."""
    archive = str(tmp_path / "archive")
    with reading_table(str(table)) as pinned:
        assert pinned is not None
        first = discover(pinned).fragments[0]
        first.path.unlink()
        report = encode(EncodeJob(source=pinned, archive=archive, **EXACT))
    assert [one.relative for one in report.failures] == [first.relative]


@pytest.mark.parametrize("named", ["delta://{}", "{}"])
def test_sources_are_never_retired(named: str, table: Path, tmp_path: Path) -> None:
    """A table would not survive the deletion of its files: the setting is refused in one line."""
    settings = {
        "source": named.format(table),
        "archive": str(tmp_path / "archive"),
        "retention": {"delete_source": "after_verify"},
    }
    with pytest.raises(ConfigError) as caught:
        compress(load_job(CompressJob, None, settings))
    assert_one_line(caught.value, "never", str(table), "its log names its files")
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("setting", ["codec", "features", "archive", "decoded"])
def test_tables_are_no_destinations(setting: str) -> None:
    """A table that another program keeps is only read from."""
    with pytest.raises(ConfigError) as caught:
        load_job(DecodeJob, None, {"source": "a", "decoded": "b", setting: "delta://t"})
    assert_one_line(caught.value, setting, "names a table to read from")


@pytest.mark.parametrize("source", ["delta://s3://bucket/t", "iceberg://hdfs:/t@5"])
def test_tables_in_stores_are_refused(source: str) -> None:
    """So far a log is read on a local disk alone."""
    with pytest.raises(ConfigError) as caught:
        load_job(EncodeJob, None, {"source": source, "archive": "a"})
    assert_one_line(caught.value, "source", "object store cannot be read yet", "export")


def test_nothing_is_written_into_or_around_a_table(table: Path, tmp_path: Path) -> None:
    """A destination that lies in the table, or holds it, is refused by the table's own folder."""
    for archive in (table / "archive", tmp_path):
        with pytest.raises(DestinationOverlapError):
            encode(EncodeJob(source=f"delta://{table}", archive=str(archive), **EXACT))


def test_parts_of_a_table_are_refused(table: Path) -> None:
    """A partition of a table holds dead rows; the message names the table."""
    with pytest.raises(TableFormatError) as caught:
        inspect(str(table / "day=2024-01-01"))
    assert_one_line(caught.value, "Delta Lake", f"name the table itself, delta://{table}")


def _fits(source: str, tmp_path: Path) -> object:
    return fit(FitJob(source=source, codec=str(tmp_path / "new")))


VERBS: dict[str, Callable[[str, Path], object]] = {
    "inspect": lambda source, _: inspect(source),
    "fit": _fits,
    "encode": lambda source, tmp: encode(EncodeJob(source=source, archive=str(tmp / "new"))),
    "estimate": lambda source, _: estimate(EstimateJob(source=source)),
    "backfill": lambda source, tmp: backfill(EncodeJob(source=source, archive=str(tmp / "new"))),
    "compress": lambda source, tmp: compress(CompressJob(source=source, archive=str(tmp / "new"))),
    "verify": lambda source, tmp: verify(VerifyJob(source=source, archive=str(tmp / "new"))),
    "decode": lambda source, tmp: decode(
        DecodeJob(source=source, archive=str(tmp / "new"), decoded=str(tmp / "newer"))
    ),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("scheme", ["delta", "iceberg"])
def test_no_verb_does_anything_without_the_extra(
    verb: str, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each names the kind of table and the command that installs what reads it."""
    mark = {"delta": "_delta_log/x.json", "iceberg": "metadata/v1.metadata.json"}[scheme]
    (tmp_path / "t" / mark).parent.mkdir(parents=True)
    (tmp_path / "t" / mark).write_text("{}")
    monkeypatch.setattr("ae_pipeline.extras.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        VERBS[verb](str(tmp_path / "t"), tmp_path)
    assert_one_line(caught.value, scheme.capitalize(), f'pip install "ae-pipeline[{scheme}]"')
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_does_anything_without_a_readable_log(verb: str, tmp_path: Path) -> None:
    """A damaged log ends the job before it wrote anything."""
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    (tmp_path / "t" / "_delta_log" / f"{0:020}.json").write_text("{}")
    with pytest.raises(AePipelineError, match="log cannot be read"):
        VERBS[verb](str(tmp_path / "t"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]
