"""Compress encodes new fragments, reads them back and compares them; sources go last, if at all."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, ExecutionConfig, VerifyJob
from ae_pipeline.dataset import discover
from ae_pipeline.report.presenter import present
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.storage import read_notes
from ae_pipeline.upkeep import finish_retiring, plan_backfill
from ae_pipeline.upkeep.finding import Destination
from ae_pipeline.upkeep.status import fragment_statuses
from ae_pipeline.verbs import (
    NOTHING,
    Settled,
    compress,
    decode,
    decode_fragments,
    encode,
    encode_fragments,
    finish_compress,
    plan_check,
    settle,
    start_compress,
    verify,
)
from ae_pipeline.work import Outcome
from tests.support.data.datasets import mixed_table, read_table, write_tree
from tests.support.jobs.execution import ALONE

DAYS = ("date=2013-05-30", "date=2013-05-31", "date=2013-06-01")
AFTER_VERIFY = {"retention": {"delete_source": "after_verify"}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three days."""
    tables = {f"{day}/part-0.parquet": mixed_table(number) for number, day in enumerate(DAYS)}
    return write_tree(tmp_path / "source", tables)


def job_for(source: Path, **settings: Any) -> CompressJob:
    """A night over the source and the archive beside it."""
    archive = str(source.parent / "archive")
    return CompressJob(
        source=str(source), archive=archive, **{"planner": {"learn": "linear"}, **settings}
    )


def n_written(report: CompressReport) -> int:
    """Fragments that a night wrote."""
    return 0 if report.encoded is None else report.encoded.n_written


def names(report: DatasetReport) -> tuple[str, ...]:
    """Fragments of a report."""
    return tuple(one.relative for one in report.fragments)


def test_a_night_writes_what_is_new_and_reads_it_back(source: Path) -> None:
    """The first night encodes all, the next one what was added, and each value is compared."""
    first = compress(job_for(source))
    assert (n_written(first), first.failures, first.retired) == (3, (), ())
    assert first.verified is not None
    metrics = first.verified.total.metrics
    assert metrics is not None
    assert metrics.n_mismatched == 0
    assert compress(job_for(source)).encoded is None
    write_tree(source, {"date=2013-06-02/part-0.parquet": mixed_table(9)})
    third = compress(job_for(source))
    assert n_written(third) == 1
    assert third.verified is not None
    assert third.verified.total.n_fragments == 1


def test_sources_stay_unless_asked(source: Path) -> None:
    """Nothing is deleted by default."""
    compress(job_for(source))
    assert len(list(source.rglob("*.parquet"))) == 3


def test_verified_sources_are_deleted(source: Path) -> None:
    """With after_verify sources go, also those of earlier nights; their tables can be decoded."""
    tables = {day: read_table(source / f"{day}/part-0.parquet") for day in DAYS}
    compress(job_for(source, backfill={"lookback": 1}))
    report = compress(job_for(source, **AFTER_VERIFY))
    assert [*report.retired] == [f"{day}/part-0.parquet" for day in DAYS]
    assert report.retired_bytes > 0
    assert not list(source.rglob("*.parquet*"))
    archive = str(source.parent / "archive")
    checked = verify(VerifyJob(archive=archive, source=str(source)))
    assert not checked.failures
    assert "deleted" in checked.warnings[0]
    out = source.parent / "out"
    assert not decode(DecodeJob(archive=archive, decoded=str(out), source=str(source))).failures
    for day, table in tables.items():
        found = read_table(out / f"{day}/part-0.parquet")
        assert found.schema.equals(table.schema, check_metadata=True)
        assert found["key"] == table["key"]


def test_an_emptied_source_is_no_error_afterwards(source: Path) -> None:
    """The night after all sources were deleted has nothing to do, and prunes nothing."""
    compress(job_for(source, **AFTER_VERIFY))
    report = compress(job_for(source, backfill={"prune": True}, **AFTER_VERIFY))
    assert (report.encoded, report.verified, report.failures) == (None, None, ())
    assert len(list((source.parent / "archive").rglob("*.parquet"))) == 3


def test_a_retired_archive_file_is_held_to_its_hash(source: Path) -> None:
    """Without a source, a single changed byte in a verified file is reported."""
    compress(job_for(source, **AFTER_VERIFY))
    archive = source.parent / "archive"
    path = archive / f"{DAYS[0]}/part-0.parquet"
    table = pq.ParquetFile(path)
    content = bytearray(path.read_bytes())
    content[-12 - 200] ^= 1  # in the footer, whose text Parquet does not check
    path.write_bytes(bytes(content))
    report = verify(VerifyJob(archive=str(archive), source=str(source)))
    assert table.metadata.num_rows
    assert [failure.relative for failure in report.failures] == [f"{DAYS[0]}/part-0.parquet"]


@pytest.fixture
def returned(source: Path) -> Path:
    """A file with other content and the name of a retired one."""
    compress(job_for(source, **AFTER_VERIFY))
    path = source / DAYS[1] / "part-0.parquet"
    write_tree(source, {f"{DAYS[1]}/part-0.parquet": mixed_table(77)})
    return path


@pytest.mark.parametrize("is_damaged", [False, True])
def test_the_only_copy_is_not_replaced(source: Path, returned: Path, is_damaged: bool) -> None:
    """Encode refuses a new file at the path of a retired one, unless it is forced to."""
    archive = source.parent / "archive"
    copy = archive / DAYS[1] / "part-0.parquet"
    if is_damaged:
        copy.write_bytes(copy.read_bytes()[:-30])
    before = copy.read_bytes()
    job = EncodeJob(source=str(source), archive=str(archive))
    (failure,) = encode(job).failures
    assert str(returned) in failure.message
    assert "give the new file another name" in failure.message
    assert copy.read_bytes() == before
    assert len(read_notes(archive, "retired")) == 3
    forced = job.model_copy(update={"execution": ExecutionConfig(force=True)})
    assert not encode(forced).failures
    assert copy.read_bytes() != before
    assert len(read_notes(archive, "retired")) == 2


def test_verify_reports_a_new_file_at_a_retired_path(source: Path, returned: Path) -> None:
    """Its remedy is not to encode again, which would replace the only copy of the retired rows."""
    report = verify(VerifyJob(archive=str(source.parent / "archive"), source=str(source)))
    (failure,) = report.failures
    assert str(returned) in failure.message
    assert "give the new file another name" in failure.message


def test_a_new_file_at_a_retired_path_is_reported_every_night(source: Path, returned: Path) -> None:
    """It is a failure with its remedy until it gets another name."""
    for settings in ({}, {}, {"backfill": {"dry_run": True}}):
        (failure,) = compress(job_for(source, **settings)).failures
        assert str(returned) in failure.message
        assert "give the new file another name" in failure.message
    returned.rename(returned.with_name("part-1.parquet"))
    report = compress(job_for(source))
    assert (n_written(report), report.failures) == (1, ())


def test_a_file_that_comes_back_unchanged_is_deleted_again(source: Path) -> None:
    """A restored source whose rows the archive holds is deleted again without a failure."""
    path = source / DAYS[1] / "part-0.parquet"
    content = path.read_bytes()
    compress(job_for(source, **AFTER_VERIFY))
    path.write_bytes(content)
    assert compress(job_for(source)).failures == ()
    assert compress(job_for(source, **AFTER_VERIFY)).retired == (f"{DAYS[1]}/part-0.parquet",)


def settle_damaged(job: CompressJob, damage: Path) -> None:
    """The steps of a night, with damage done between writing and reading back."""
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    assert encoding is not None
    written = encode_fragments(encoding, ALONE)
    content = bytearray(damage.read_bytes())
    content[len(content) // 3] ^= 0xFF
    damage.write_bytes(bytes(content))
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    settled = settle(job, verifying, decode_fragments(verifying, ALONE))
    assert {failure.relative for failure in settled.failures}.isdisjoint(settled.retired)


def test_what_fails_verification_is_set_aside_and_keeps_its_source(source: Path) -> None:
    """A damaged archive file is hidden, its source stays, and the next night writes it again."""
    job = job_for(source, **AFTER_VERIFY)
    bad = source.parent / "archive" / DAYS[1] / "part-0.parquet"
    settle_damaged(job, bad)
    assert [path.parent.name for path in source.rglob("*.parquet")] == [DAYS[1]]
    assert not bad.exists()
    assert list(bad.parent.glob(".*.rejected"))
    plan = plan_backfill(job)
    assert [(one.partition, one.state) for one in plan.selected] == [(DAYS[1], "failed")]
    report = compress(job)
    assert report.retired == (f"{DAYS[1]}/part-0.parquet",)
    assert not read_notes(source.parent / "archive", "failed")


def test_a_source_that_changed_in_the_meantime_stays(source: Path) -> None:
    """A source that is rewritten after it was encoded was not verified, and is not deleted."""
    job = job_for(source, **AFTER_VERIFY)
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    assert encoding is not None
    written = encode_fragments(encoding, ALONE)
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    checked = decode_fragments(verifying, ALONE)
    path = source / DAYS[0] / "part-0.parquet"
    pq.write_table(mixed_table(77), path)
    settled = settle(job, verifying, checked)
    assert len(settled.retired) == 2
    assert [path.parent.name for path in source.rglob("*.parquet")] == [DAYS[0]]
    assert compress(job).retired == (f"{DAYS[0]}/part-0.parquet",)


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_deletion_that_a_kill_interrupted_is_finished(source: Path, is_changed: bool) -> None:
    """A hidden source is deleted if it is the verified file, and otherwise gets its name back."""
    compress(job_for(source))
    path = source / DAYS[0] / "part-0.parquet"
    content = path.read_bytes()
    job = job_for(source, **AFTER_VERIFY)
    compress(job)
    hidden = path.with_name(f".{path.name}.retiring")
    hidden.write_bytes(content + b"x" if is_changed else content)
    finish_retiring(job)
    assert not hidden.exists()
    assert path.exists() is is_changed


def test_a_dry_run_changes_nothing(source: Path) -> None:
    """A dry run returns the plan and what would be done, and writes nothing."""
    report = compress(job_for(source, backfill={"dry_run": True}, **AFTER_VERIFY))
    assert len(report.plan.selected) == 3
    assert (report.encoded, report.verified) == (None, None)
    assert not (source.parent / "archive").exists()


@pytest.mark.parametrize("settings", [{}, AFTER_VERIFY])
def test_a_dry_run_predicts_what_the_night_does(source: Path, settings: dict[str, Any]) -> None:
    """The night writes, reads back and deletes exactly what the dry run announced."""
    compress(job_for(source, backfill={"lookback": 1}))
    planned = compress(job_for(source, backfill={"dry_run": True}, **settings))
    done = compress(job_for(source, **settings))
    assert planned.intended is not None
    assert done.encoded is not None
    assert done.verified is not None
    assert planned.intended.encoded == names(done.encoded)
    assert {*planned.intended.checked} == {*names(done.verified)}
    assert {*planned.intended.retired} == {*done.retired}
    assert planned.intended.retired_bytes == done.retired_bytes
    lines = " ".join(present(planned).lines())
    assert "Would encode 2 fragments" in lines
    assert ("Would delete 3 source fragments" in lines) == bool(settings)
    assert "Nothing to do" not in lines


def test_a_dry_run_reports_deletions_alone(source: Path) -> None:
    """Where all is current, the sources that would be read back and deleted are listed."""
    compress(job_for(source))
    planned = compress(job_for(source, backfill={"dry_run": True}, **AFTER_VERIFY))
    assert planned.intended is not None
    assert (planned.intended.encoded, len(planned.intended.retired)) == ((), 3)
    assert "Nothing to do" not in " ".join(present(planned).lines())
    nothing = compress(job_for(source, backfill={"dry_run": True}))
    assert "Nothing to do" in " ".join(present(nothing).lines())


def test_what_a_killed_night_wrote_is_read_back_by_the_next(source: Path) -> None:
    """Even a night that deletes nothing reads them back, and only once."""
    job = job_for(source)
    encoding = start_compress(job, plan_backfill(job), None)
    assert encoding is not None
    encode_fragments(replace(encoding, fragments=encoding.fragments[:2]), ALONE)
    second = compress(job)
    assert n_written(second) == 1
    assert second.verified is not None
    assert second.verified.total.n_fragments == 3
    assert compress(job).verified is None
    assert not read_notes(source.parent / "archive", "unchecked")


def test_sources_of_former_codecs_fragments_are_deleted_too(source: Path) -> None:
    """Fragments of another codec are read back and compared too, and their sources deleted."""
    compress(job_for(source))
    other = source.parent / "other"
    tolerance = {"relative": 0.02}
    encode(EncodeJob(source=str(source), archive=str(other), tolerance=tolerance))
    (codec,) = (other / "_ae/codecs").iterdir()
    compress(job_for(source, codec=str(codec), backfill={"only": ("outdated",), "lookback": 1}))
    assert [one.state for one in plan_backfill(job_for(source)).fragments].count("outdated") == 2
    report = compress(job_for(source, **AFTER_VERIFY))
    assert (len(report.retired), report.failures) == (3, ())


def test_failures_are_counted_once(source: Path) -> None:
    """An existing file that fails its check counts once, among those that were checked."""
    job = job_for(source, **AFTER_VERIFY)
    compress(job_for(source))
    bad = source.parent / "archive" / DAYS[1] / "part-0.parquet"
    content = bytearray(bad.read_bytes())
    content[len(content) // 3] ^= 0xFF
    bad.write_bytes(bytes(content))
    report = compress(job)
    assert (len(report.failures), len(report.done)) == (1, 2)


def test_two_nights_at_once_delete_each_source_once(source: Path) -> None:
    """A source that the other night verified and deleted is no failure, whenever that shows."""
    job = job_for(source, **AFTER_VERIFY)
    compress(job_for(source))
    plan = plan_backfill(job)
    verifying = plan_check(job, plan, None, NOTHING)
    assert verifying is not None
    right = decode_fragments(verifying, ALONE)
    first = settle(job, verifying, right)
    assert len(first.retired) == 3
    late = decode_fragments(verifying, ALONE)
    assert len(late.failures) == 3
    for checked in (right, late):
        settled = settle(job, verifying, checked)
        assert (settled.retired, settled.failures) == ((), ())
    vanished = Outcome((), late.failures)
    assert (
        finish_compress(job, plan, None, (None, vanished), (None, NOTHING), Settled(), 0.0).failures
        == ()
    )


def test_a_source_that_vanishes_is_a_failure(source: Path) -> None:
    """A source that is gone without having been verified and deleted is a failure."""
    job = job_for(source, **AFTER_VERIFY)
    compress(job_for(source))
    verifying = plan_check(job, plan_backfill(job), None, NOTHING)
    assert verifying is not None
    (source / DAYS[1] / "part-0.parquet").unlink()
    settled = settle(job, verifying, decode_fragments(verifying, ALONE))
    assert [failure.relative for failure in settled.failures] == [f"{DAYS[1]}/part-0.parquet"]


def test_planning_that_waits_is_a_warning(source: Path) -> None:
    """An archive fragment whose storage does not answer while states are found is named."""
    compress(job_for(source))
    archive = source.parent / "archive"
    hanging = archive / DAYS[1] / "part-0.parquet"
    hanging.unlink()
    os.mkfifo(hanging)
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())
            # A writer is what the reader waits for; it may be gone before anything is written.
            os.close(os.open(hanging, os.O_WRONLY))

    logger, listener = logging.getLogger("ae_pipeline.work.watchdog"), Listener()
    logger.addHandler(listener)
    try:
        destination = Destination.look(archive, None)
        found = fragment_statuses(
            discover(source), destination, ExecutionConfig(engine="threads"), patience_s=0.5
        )
    finally:
        logger.removeHandler(listener)
    assert [one.state for one in found] == ["current", "stale", "current"]
    assert f"{DAYS[1]}/part-0.parquet" in messages[0]


def test_broken_fragments_do_not_stop_the_others(source: Path) -> None:
    """A damaged source file is named and stays, and the rest is done."""
    path = source / DAYS[1] / "part-0.parquet"
    compress(job_for(source, backfill={"where": f"path < '{DAYS[1]}'"}))
    path.write_bytes(path.read_bytes()[:-30])
    report = compress(job_for(source, **AFTER_VERIFY))
    assert [failure.relative for failure in report.failures] == [f"{DAYS[1]}/part-0.parquet"]
    assert len(report.retired) == 2
    assert path.exists()
