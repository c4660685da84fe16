"""Rejection: a damaged archive file is set aside, and never costs the only copy."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.dataset import Fragment, discover
from ae_pipeline.storage import write_note
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import (
    NOTHING,
    compress,
    decode_fragments,
    encode,
    gc,
    plan_check,
    settle,
    verify,
)
from tests.support.jobs.attempts import for_each_fragment
from tests.support.jobs.execution import ALONE
from tests.support.jobs.nights import NAMES, flipped, job_for, names_of, rot


def test_a_source_that_rots_never_costs_the_archive_file(source: Path) -> None:
    """A source that is not what was encoded is blamed itself, and its archive file stays."""
    compress(job_for(source, delete="never"))
    archive = source.parent / "archive"
    good = (archive / NAMES[0]).read_bytes()
    rot(source / NAMES[0])
    verify(VerifyJob(archive=str(archive), source=str(source)))
    for _ in range(2):
        report = compress(job_for(source))
        assert [failure.relative for failure in report.failures] == [NAMES[0]]
        assert "SHA-256" in report.failures[0].message
        gc(str(archive), grace_s=0.0)
        assert (archive / NAMES[0]).read_bytes() == good
        assert (source / NAMES[0]).exists()
    write_note(archive, "failed", NAMES[0], {"message": "?", "source": ""})
    (failure,) = encode(EncodeJob(source=str(source), archive=str(archive))).failures
    assert "rotted" in failure.message
    assert (archive / NAMES[0]).read_bytes() == good


def test_a_source_that_cannot_be_read_never_costs_the_archive_file(source: Path) -> None:
    """An archive file that fails too stays: it may be the only copy."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    for is_archive_bad in (False, True):
        verifying = plan_check(job_for(source), plan_backfill(job_for(source)), None, NOTHING)
        assert verifying is not None
        whole, archived = path.read_bytes(), archive / NAMES[0]
        path.write_bytes(whole[:5000] + b"\xff" * 3000 + whole[8000:])
        if is_archive_bad:
            archived.write_bytes(flipped(archived.read_bytes(), archived.stat().st_size // 3))
        settled = settle(job_for(source), verifying, decode_fragments(verifying, ALONE))
        assert NAMES[0] in names_of(settled)
        assert archived.exists()
        assert not list(archived.parent.glob(".*"))
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), pa.ArrowMemoryError("malloc failed"), OSError(12, "Cannot allocate memory")],
    ids=lambda error: type(error).__name__,
)
def test_out_of_memory_is_no_damage(source: Path, error: Exception) -> None:
    """A lack of memory is a retriable failure, in one line with the remedy."""

    def work(fragment: Fragment) -> Any:
        try:
            raise error
        except Exception as cause:
            raise ValueError("damaged") from cause

    outcome = for_each_fragment(
        discover(source).fragments, work, workers=1, stage="verify", progress=lambda _: None
    )
    for failure in outcome.failures:
        assert (failure.is_damage, failure.is_retriable) == (False, True)
        assert "fewer workers" in failure.message
        assert len(failure.message.splitlines()) == 1


def test_rejected_files_stay_until_they_are_replaced(source: Path) -> None:
    """However old, they may be the only copy of a fragment; once replaced, they go."""
    job = job_for(source, delete="never")
    compress(job)
    archive = source.parent / "archive"
    rejected = (archive / NAMES[0]).with_name(".part-0.parquet.rejected")
    (archive / NAMES[0]).rename(rejected)
    os.utime(rejected, (0, 0))
    assert gc(str(archive), grace_s=0.0).garbage == ()
    write_note(archive, "failed", NAMES[0], {"message": "bad", "source": ""})
    compress(job)
    (garbage,) = gc(str(archive), grace_s=0.0).garbage
    assert "was replaced" in garbage.reason
    assert not rejected.exists()


def test_a_second_rejection_keeps_the_first(source: Path) -> None:
    """Each rejected file gets a name of its own."""
    job = job_for(source, delete="never")
    for _ in range(2):
        compress(job)
        archived = source.parent / "archive" / NAMES[0]
        archived.write_bytes(flipped(archived.read_bytes(), archived.stat().st_size // 3))
        due = job_for(source)
        verifying = plan_check(due, plan_backfill(due), None, NOTHING)
        assert verifying is not None
        first = replace(verifying, fragments=verifying.fragments[:1])
        settle(due, first, decode_fragments(first, ALONE))
    found = sorted(path.name for path in archived.parent.glob(".*"))
    assert found == [".part-0.parquet.1.rejected", ".part-0.parquet.rejected"]
