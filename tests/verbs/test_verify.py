"""Verify: what it finds, what it reports, and how much of an archive it reads."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.report.errors import verdict
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.storage import metrics_file, read_notes
from ae_pipeline.verbs import backfill, decode, encode, verify
from tests.support.data.datasets import (
    N_ROWS,
    PARTITIONS,
    mixed_table,
    read_table,
    write_tree,
)
from tests.support.faults.damage import cut_in_half

FAST = {"training": {"max_steps": 100}}
TOLERANCE = {
    "rules": (
        {"match": "*", "kind": "absolute", "value": 0.01},
        {"match": "beta", "kind": "exact"},
    )
}


@pytest.fixture(scope="module")
def archive(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive, beta exact, key and price kept; nobody may change it."""
    folder = tmp_path_factory.mktemp("archive") / "mixed"
    paths = {"source": str(source), "archive": str(folder)}
    encode(EncodeJob(**paths, tolerance=TOLERANCE, columns={"keep": ["key", "price"]}, **FAST))
    return folder


TAGS = pa.list_(pa.int32())


def run_verify(archive: Path, source: Path | None, **selection: object) -> DatasetReport:
    """Verify all of an archive or a selection, against the source if there is one."""
    against = None if source is None else str(source)
    chosen = SelectionConfig(**selection)
    return verify(VerifyJob(archive=str(archive), source=against, selection=chosen))


def values_of(path: Path, name: str) -> np.ndarray:
    """A column as float64, nulls as NaN."""
    return np.array(read_table(path)[name].to_pylist(), np.float64)


def rewrite(path: Path, change: pa.Table) -> None:
    """Put another table into a fragment and keep what its footer says of us."""
    metadata = pq.read_metadata(path).metadata
    ours = {key: value for key, value in metadata.items() if key.startswith(b"ae:")}
    pq.write_table(change.replace_schema_metadata(ours), path)


def test_shares_of_tolerances_are_those_of_the_files(
    source: Path, archive: Path, tmp_path: Path
) -> None:
    """Per partition and column, the largest error over the tolerance is what the files say."""
    out = tmp_path / "out"
    report = decode(DecodeJob(archive=str(archive), decoded=str(out), source=str(source)))
    rows = pq.read_table(metrics_file(out)).to_pylist()
    shares = {(row["partition"], row["column"]): row["max_error_to_tolerance"] for row in rows}
    for partition in report.partitions:
        for name, metrics in zip(report.features, partition.column_metrics, strict=True):
            relative = f"{partition.partition}/part-0.parquet"
            ours, theirs = values_of(out / relative, name), values_of(source / relative, name)
            is_compared = np.isfinite(ours) & np.isfinite(theirs)
            error = np.abs(ours[is_compared] - theirs[is_compared]).max(initial=0.0)
            expected = 0.0 if name == "beta" else error / 0.01
            assert metrics.max_error_to_tolerance == pytest.approx(expected, rel=1e-12)
            assert shares[partition.partition, name] == metrics.max_error_to_tolerance
    total = report.total.metrics
    assert total is not None
    assert total.max_error_to_tolerance == max(shares.values())
    assert 0.9 < total.max_error_to_tolerance <= 1


def test_verify_says_that_the_promise_holds(source: Path, archive: Path) -> None:
    """A whole archive has no failures, the errors that decode reports, and a verdict."""
    report = run_verify(archive, source)
    assert report.failures == ()
    assert verdict(report).startswith("Every value is within its promise: the largest error is ")
    assert "not compared" in verdict(run_verify(archive, None))


def test_changed_kept_value_is_found(source: Path, own_archive: Path) -> None:
    """One key that is not the source's fails its fragment, and the verdict says so."""
    path = own_archive / "day=2/part-0.parquet"
    table = read_table(path)
    keys = table["key"].to_numpy().copy()
    keys[7] += 1
    rewrite(path, table.set_column(0, table.schema.field(0), pa.array(keys)))
    assert run_verify(own_archive, None).failures == ()
    report = run_verify(own_archive, source)
    (failure,) = report.failures
    assert "column differs from the source: day=2/part-0.parquet, column key" in str(failure)
    assert verdict(report) == "Not in order: 1 of 3 fragments failed."


def test_changed_coded_value_is_found(source: Path, own_archive: Path, tmp_path: Path) -> None:
    """One list in a block that is not the source's fails its fragment, with the column's name."""
    relative = "day=2/part-0.parquet"
    table = read_table(source / relative)
    tags = table["tags"].to_pylist()
    tags[7] = [0, 0]
    other = table.set_column(table.column_names.index("tags"), "tags", pa.array(tags, TAGS))
    (codec,) = map(str, (own_archive / "_ae/codecs").iterdir())
    paths = {"source": str(tmp_path / "other"), "archive": str(tmp_path / "made")}
    write_tree(tmp_path / "other", {relative: other})
    encode(EncodeJob(**paths, codec=codec))
    made = read_table(tmp_path / "made" / relative)
    assert "tags" not in made.column_names
    rewrite(own_archive / relative, made)
    assert run_verify(own_archive, None).failures == ()
    (failure,) = run_verify(own_archive, source).failures
    assert f"column differs from the source: {relative}, column tags" in str(failure)


def backfill_job(source: Path, archive: Path) -> EncodeJob:
    """A backfill of what verify looks at."""
    return EncodeJob(source=str(source), archive=str(archive))


def damage(path: Path) -> None:
    """Put zeros into the blocks of a file of an archive."""
    content, block = path.read_bytes(), block_of(path)
    middle = block.data_page_offset + block.total_compressed_size // 2
    path.write_bytes(content[:middle] + bytes(50) + content[middle + 50 :])


def block_of(path: Path) -> pq.ColumnChunkMetaData:
    """Where the first block lies."""
    group = pq.read_metadata(path).row_group(0)
    return group.column(group.num_columns - 1)


@pytest.mark.parametrize("against", [True, False], ids=["with source", "alone"])
def test_damage_is_noted_and_mended(source: Path, own_archive: Path, against: bool) -> None:
    """A damaged file is blamed on the archive, failed for the next backfill, and written again."""
    relative = "day=2/part-0.parquet"
    damage(own_archive / relative)
    (failure,) = run_verify(own_archive, source if against else None).failures
    assert "backfill --only failed" in failure.message
    assert "take it out of the source" not in failure.message
    found = backfill(backfill_job(source, own_archive))
    assert [(one.relative, one.state) for one in found.plan.selected] == [(relative, "failed")]
    assert found.report is not None
    assert found.report.n_written == 1
    assert run_verify(own_archive, source).failures == ()
    assert read_notes(own_archive, "failed") == {}


def test_encode_mends_damage_too(source: Path, own_archive: Path) -> None:
    """Encode does not take a file for current that verify found damaged."""
    damage(own_archive / "day=2/part-0.parquet")
    run_verify(own_archive, None)
    assert encode(backfill_job(source, own_archive)).n_written == 1
    assert run_verify(own_archive, source).failures == ()


@pytest.mark.parametrize("spoil", [damage, cut_in_half])
def test_a_good_verify_takes_damage_back(
    source: Path, own_archive: Path, spoil: Callable[[Path], None]
) -> None:
    """A file that was restored is no failure any more, once it was looked at as thoroughly."""
    path = own_archive / "day=2/part-0.parquet"
    content = path.read_bytes()
    spoil(path)
    run_verify(own_archive, source)
    path.write_bytes(content)
    run_verify(own_archive, source, columns=("key",))
    run_verify(own_archive, None)
    assert list(read_notes(own_archive, "failed")) == ["day=2/part-0.parquet"]
    run_verify(own_archive, source)
    assert read_notes(own_archive, "failed") == {}


def test_another_source_damages_nothing(own_archive: Path, tmp_path: Path) -> None:
    """Who verifies against the wrong folder is told so, and no file is held for damaged."""
    wrong = write_tree(tmp_path / "wrong", {"day=2/part-0.parquet": mixed_table(77)})
    assert len(run_verify(own_archive, wrong).failures) == len(PARTITIONS)
    assert read_notes(own_archive, "failed") == {}


def test_an_archive_that_cannot_be_written_is_verified(
    own_archive: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no note can be left, verify reports all the same and warns."""
    damage(own_archive / "day=2/part-0.parquet")
    (own_archive / "_ae/failed").write_text("in the way")
    assert len(run_verify(own_archive, None).failures) == 1
    assert "failures are not remembered" in caplog.text


def test_log_lines_tell_rows_and_errors(
    source: Path,
    archive: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each verified fragment is one line with its rows and its largest error over its tolerance."""
    # Flows limit lines and keep them to Prefect, in the whole process once they are loaded.
    logger = logging.getLogger("ae_pipeline.fragments.decode")
    monkeypatch.setattr(logger, "filters", [])
    monkeypatch.setattr(logging.getLogger("ae_pipeline"), "propagate", True)
    caplog.set_level("INFO", logger.name)
    run_verify(archive, source, partitions=("day=2",))
    run_verify(archive, None, partitions=("day=2",))
    compared, alone = (record.getMessage() for record in caplog.records)
    assert compared.startswith("verified day=2/part-0.parquet: 300 rows, largest error 0.9")
    assert "of its tolerance" in compared
    assert "300 rows, not compared" in alone


def test_missing_column_is_found_without_source(own_archive: Path) -> None:
    """A fragment that lost a kept column, or has it in another type, fails on its own."""
    path = own_archive / "day=1/part-0.parquet"
    rewrite(path, read_table(path).drop_columns(["price"]))
    other = own_archive / "day=10/part-0.parquet"
    table = read_table(other)
    rewrite(other, table.set_column(0, "key", table["key"].cast(pa.int32())))
    failures = [failure.message for failure in run_verify(own_archive, None).failures]
    assert len(failures) == 2
    assert all("columns of the file are not those that its codec stores" in m for m in failures)


def test_missing_rows_are_found_without_source(tmp_path: Path) -> None:
    """A block of fewer rows than its row group fails, even with no kept column to compare with."""
    values = {"a": np.arange(100.0), "b": np.arange(100.0) ** 2}
    for name, n_rows in (("whole", 100), ("half", 50)):
        (tmp_path / name).mkdir()
        pq.write_table(pa.table(values).slice(0, n_rows), tmp_path / name / "p.parquet")
    archive, codec = tmp_path / "archive", tmp_path / "archive/_ae/codecs"
    encode(EncodeJob(source=str(tmp_path / "whole"), archive=str(archive), **FAST))
    (named,) = map(str, codec.iterdir())
    half = EncodeJob(source=str(tmp_path / "half"), archive=str(tmp_path / "h"), codec=named)
    encode(half)
    block = read_table(tmp_path / "h/p.parquet")["ae:block"][0].as_py()
    table = pa.table({"ae:block": pa.array([block] + [None] * 99, pa.binary())})
    rewrite(archive / "p.parquet", table)
    (failure,) = run_verify(archive, None).failures
    assert "a block of 50 rows in a row group of 100" in failure.message


def test_selected_columns_and_partitions_are_compared(source: Path, archive: Path) -> None:
    """With a selection, errors are those of the selected columns and partitions alone."""
    whole = run_verify(archive, source)
    part = run_verify(archive, source, columns=("alpha", "key", "gamma"), partitions=("day=2",))
    assert part.failures == ()
    assert verdict(part).startswith("Of what was selected, every value is within its promise")
    assert part.features == ("alpha", "gamma")
    assert [partition.partition for partition in part.partitions] == ["day=2"]
    expected = dict(zip(whole.features, whole.partitions[1].column_metrics, strict=True))
    assert part.total.column_metrics == (expected["alpha"], expected["gamma"])
    kept_alone = run_verify(archive, source, columns=("name",))
    assert (kept_alone.failures, kept_alone.features) == ((), ())
    assert kept_alone.total.n_rows == N_ROWS * len(PARTITIONS)


def test_selected_row_groups_are_compared(tmp_path: Path) -> None:
    """Row groups of an archive are held against just their rows of the source, and decoded so."""
    n_rows, n_first = 140_000, 1 << 17
    table = pa.table({"key": np.arange(n_rows), "x": np.repeat(np.arange(n_rows / 8), 8)})
    (tmp_path / "source").mkdir()
    pq.write_table(table, tmp_path / "source/p.parquet", row_group_size=50_000)
    paths = {"source": str(tmp_path / "source"), "archive": str(tmp_path / "archive")}
    encode(EncodeJob(**paths, tolerance={"relative": 0.0}))
    second = SelectionConfig(row_groups=(1,), columns=("x",))
    report = decode(DecodeJob(**paths, decoded=str(tmp_path / "out"), selection=second))
    assert report.failures == ()
    assert report.total.n_rows == report.total.column_metrics[0].count == n_rows - n_first
    got = read_table(tmp_path / "out/p.parquet")
    assert got.equals(table.select(["x"]).slice(n_first))


def test_a_fragment_that_was_never_encoded_is_a_failure(source: Path, own_archive: Path) -> None:
    """An archive that lacks a fragment of its source does not pass, unless it was not asked for."""
    (own_archive / "day=2/part-0.parquet").unlink()
    report = run_verify(own_archive, source)
    assert [failure.relative for failure in report.failures] == ["day=2/part-0.parquet"]
    assert not run_verify(own_archive, None).failures
    assert not run_verify(own_archive, source, partitions=("day=1",)).failures
