"""Recovery: the next night finishes or undoes what a killed one began."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import VerifyJob
from ae_pipeline.dataset import Fragment, file_hash, fingerprint
from ae_pipeline.errors import EmptySourceError
from ae_pipeline.storage import read_notes, write_note
from ae_pipeline.upkeep import finish_retiring, plan_backfill
from ae_pipeline.verbs import (
    compress,
    encode,
    gc,
    start_compress,
    verify,
)
from tests.support.jobs.nights import NAMES, hidden, job_for, long_table


@pytest.mark.parametrize("delete", ["never", "after_verify"])
@pytest.mark.parametrize("step", ["noted", "hidden", "hidden and noted", "deleted"])
def test_a_kill_in_a_deletion_is_resolved(source: Path, step: str, delete: str) -> None:
    """A kill after any step is resolved by the next run, whether or not that run deletes."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    note = {
        "source": fingerprint(Fragment(path, NAMES[0], 0)),
        "source_sha256": file_hash(path),
        "archive_sha256": file_hash(archive / NAMES[0]),
    }
    write_note(archive, "retiring", NAMES[0], note)
    if step != "noted":
        path.rename(hidden(path))
    if step in ("hidden and noted", "deleted"):
        write_note(archive, "retired", NAMES[0], note)
    if step == "deleted":
        hidden(path).unlink()
    finish_retiring(job_for(source, delete=delete))
    is_deleted = step == "deleted" or (delete == "after_verify" and step != "noted")
    assert path.exists() is not is_deleted
    assert not hidden(path).exists()
    assert not read_notes(archive, "retiring")
    assert (NAMES[0] in read_notes(archive, "retired")) is is_deleted
    if not is_deleted:
        pq.write_table(long_table(9), path)
        assert compress(job_for(source, delete="never")).failures == ()


def test_a_source_is_given_back_if_its_archive_file_is_gone_after_a_kill(source: Path) -> None:
    """The hidden file is deleted only if the archive still has the verified file."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    note = {"source_sha256": file_hash(path), "archive_sha256": file_hash(archive / NAMES[0])}
    write_note(archive, "retiring", NAMES[0], note)
    path.rename(hidden(path))
    (archive / NAMES[0]).unlink()
    finish_retiring(job_for(source))
    assert path.exists()
    assert not read_notes(archive, "retired")


def test_a_kill_while_a_verified_file_is_replaced_is_resolved(source: Path) -> None:
    """The next run gives a verified file its name back if its source was deleted."""
    compress(job_for(source))
    archive = source.parent / "archive"
    good = (archive / NAMES[0]).read_bytes()
    kept = (archive / NAMES[0]).with_name(".part-0.parquet.01234567.replaced")
    kept.write_bytes(good)
    (archive / NAMES[0]).write_bytes(b"coarser")
    assert gc(str(archive), grace_s=0.0).garbage == ()
    finish_retiring(job_for(source, delete="never"))
    assert (archive / NAMES[0]).read_bytes() == good
    gc(str(archive), grace_s=0.0)
    assert not kept.exists()


@pytest.mark.parametrize("delete", ["never", "after_verify"])
def test_a_disk_that_goes_during_a_deletion_hides_nothing_for_ever(
    source: Path, delete: str
) -> None:
    """A deletion that was begun is finished once the disk is back, however many nights later."""
    archive, away = source.parent / "archive", source.parent / "away"
    encode(job_for(source))
    path = source / NAMES[0]
    note = {
        "source": fingerprint(Fragment(path, NAMES[0], path.stat().st_size)),
        "source_sha256": file_hash(path),
        "archive_sha256": file_hash(archive / NAMES[0]),
    }
    for kind in ("retiring", "retired"):
        write_note(archive, kind, NAMES[0], note)
    path.rename(hidden(path))
    source.rename(away)
    source.mkdir()
    finish_retiring(job_for(source, delete))
    source.rmdir()
    away.rename(source)
    finish_retiring(job_for(source, delete))
    assert not hidden(path).exists()
    assert path.exists() == (delete == "never")
    assert (NAMES[0] in read_notes(archive, "retired")) == (delete == "after_verify")


def test_a_fragment_that_a_killed_night_lost_is_named(source: Path) -> None:
    """A fragment in neither the source nor the archive is reported once."""
    job = job_for(source, delete="never")
    encoding = start_compress(job, plan_backfill(job), None)
    assert encoding is not None
    (source / NAMES[0]).unlink()
    assert [failure.relative for failure in compress(job).failures] == [NAMES[0]]
    assert compress(job).failures == ()


def test_an_only_copy_that_is_gone_is_reported_every_night(source: Path) -> None:
    """An archive file that vanished after its source was deleted is a failure until it is back."""
    compress(job_for(source))
    (source.parent / "archive" / NAMES[0]).unlink()
    for _ in range(2):
        (failure,) = compress(job_for(source)).failures
        assert (failure.relative, "gone, too" in failure.message) == (NAMES[0], False)
        assert "archive file is gone" in failure.message


def test_an_emptied_source_is_an_error_unless_all_was_retired(source: Path) -> None:
    """A disk that is not mounted is not mistaken for a source that was retired."""
    compress(job_for(source, backfill={"where": "day = 1"}))
    compress(job_for(source, delete="never"))
    (source / NAMES[1]).rename(source.parent / "away")
    with pytest.raises(EmptySourceError, match=r"1 of 2 files"):
        compress(job_for(source))
    with pytest.raises(EmptySourceError, match=r"1 of 2 files"):
        verify(VerifyJob(archive=str(source.parent / "archive"), source=str(source)))
