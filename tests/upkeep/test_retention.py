"""Retirement: nothing is lost when sources are deleted, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.coding import Promise
from ae_pipeline.config.job import CompressJob, EncodeJob, VerifyJob
from ae_pipeline.dataset import Fragment, discover, file_hash, fingerprint
from ae_pipeline.errors import DestinationOverlapError, EmptySourceError, SourceChangedError
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.fragments.kept_promise import is_as_tight
from ae_pipeline.hidden_names import retiring_path
from ae_pipeline.results.dataset import Proof
from ae_pipeline.storage import read_notes, write_note
from ae_pipeline.upkeep import finish_retiring, plan_backfill, replacing, retire
from ae_pipeline.verbs import (
    NOTHING,
    Settled,
    compress,
    decode_fragments,
    encode,
    encode_fragments,
    gc,
    plan_check,
    settle,
    start_compress,
    verify,
)
from ae_pipeline.work import Outcome, for_each_fragment
from tests.support.datasets import mixed_table

NAMES = ("day=1/part-0.parquet", "day=2/part-0.parquet")
FINE = {"tolerance": {"relative": 0.001}}
Step = Callable[[Path, Path], object]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two days, written without compression, so that their values lie open."""
    root = tmp_path / "source"
    for number, name in enumerate(NAMES):
        (root / name).parent.mkdir(parents=True)
        pq.write_table(long_table(number), root / name, compression="none", use_dictionary=False)
    return root


def long_table(seed: int) -> pa.Table:
    """So many rows that the fingerprint samples them."""
    return mixed_table(seed, 20_000).select(["key", "alpha", "count"])


def job_for(source: Path, delete: str = "after_verify", **settings: Any) -> CompressJob:
    """A night over the source and the archive beside it."""
    return CompressJob(
        source=str(source),
        archive=str(source.parent / "archive"),
        **{"planner": {"learn": "never"}, "retention": {"delete_source": delete}, **settings},
    )


def verified(job: CompressJob) -> tuple[DecodePlan, Outcome]:
    """A night up to the comparison."""
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    written = NOTHING if encoding is None else encode_fragments(encoding, 1)
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    return verifying, decode_fragments(verifying, 1)


def unseen_offset(path: Path) -> int:
    """A byte of a value that the fingerprint does not read."""
    before, content = fingerprint(Fragment(path, "x", 0)), path.read_bytes()
    for offset in range(len(content) // 3, len(content)):
        path.write_bytes(flipped(content, offset))
        is_unseen = fingerprint(Fragment(path, "x", 0)) == before
        path.write_bytes(content)
        if is_unseen:
            return offset
    raise AssertionError("all of it is read")


def flipped(content: bytes, offset: int) -> bytes:
    """One bit is another."""
    return content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]


def rot(path: Path) -> None:
    """Change a value behind the back of the fingerprint."""
    offset = unseen_offset(path)
    path.write_bytes(flipped(path.read_bytes(), offset))


def names_of(settled: Settled) -> set[str]:
    """What is told as a failure."""
    return {failure.relative for failure in settled.failures}


def test_an_archive_file_that_rots_after_its_check_keeps_its_source(source: Path) -> None:
    """What is deleted is what was verified: other bytes in the archive, and the source stays."""
    job = job_for(source)
    verifying, checked = verified(job)
    ours = source.parent / "archive" / NAMES[0]
    ours.write_bytes(flipped(ours.read_bytes(), ours.stat().st_size // 2))
    settled = settle(job, verifying, checked)
    assert settled.retired == (NAMES[1],)
    assert names_of(settled) == {NAMES[0]}
    assert (source / NAMES[0]).exists()
    assert set(read_notes(source.parent / "archive", "retired")) == {NAMES[1]}


def test_a_coarser_file_that_comes_after_the_check_keeps_its_source(source: Path) -> None:
    """A backfill of larger tolerances that replaces the file in between loses nothing."""
    job = job_for(source, **FINE)
    verifying, checked = verified(job)
    other = source.parent / "other"
    encode(EncodeJob(source=str(source), archive=str(other), planner={"learn": "never"}))
    os.replace(other / NAMES[0], source.parent / "archive" / NAMES[0])
    settled = settle(job, verifying, checked)
    assert settled.retired == (NAMES[1],)
    assert (source / NAMES[0]).exists()


def test_a_source_rewritten_behind_the_fingerprint_stays(source: Path) -> None:
    """Every byte counts: one that the fingerprint misses keeps the file from being deleted."""
    job = job_for(source)
    verifying, checked = verified(job)
    rot(source / NAMES[0])
    settled = settle(job, verifying, checked)
    assert settled.retired == (NAMES[1],)
    assert (source / NAMES[0]).exists()
    assert not list(source.rglob(".*"))
    assert not read_notes(source.parent / "archive", "retiring")


def test_the_note_holds_both_hashes(source: Path) -> None:
    """Whoever restores a source, or an archive file, can tell whether it is the one."""
    before = file_hash(source / NAMES[0])
    compress(job_for(source))
    archive = source.parent / "archive"
    note = read_notes(archive, "retired")[NAMES[0]]
    assert note["source_sha256"] == before
    assert note["archive_sha256"] == file_hash(archive / NAMES[0])
    assert not read_notes(archive, "retiring")


def test_a_file_that_is_written_to_during_its_check_is_not_proved(source: Path) -> None:
    """A rewrite in place and a rename over it are noticed, whichever comes between the reads."""
    job = job_for(source, delete="never")
    compress(job)
    plan = plan_check(job_for(source), plan_backfill(job_for(source)), None, NOTHING)
    assert plan is not None
    path = source / NAMES[0]

    def touch(_: Fragment) -> Any:
        from ae_pipeline.dataset import proving

        with proving(path, source.parent / "archive" / NAMES[0]):
            content = path.read_bytes()
            path.write_bytes(content)
        raise AssertionError("it was not noticed")

    (failure,) = for_each_fragment(
        plan.fragments[:1], touch, workers=1, stage="verify", progress=lambda _: None
    ).failures
    assert "changed while it was read" in failure.message
    assert not failure.is_damage


@pytest.mark.parametrize("is_forbidden", ["rename", "unlink"])
def test_a_deletion_that_fails_leaves_no_note(
    source: Path, is_forbidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system refuses it, the source has its name and may be rewritten ever after."""
    job = job_for(source)
    verifying, checked = verified(job)
    real = getattr(os, is_forbidden)

    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        is_source = str(path).startswith(str(source)) and not args[:0]
        if is_source and (is_forbidden == "unlink" or not str(path).endswith(".retiring")):
            raise PermissionError(1, "Operation not permitted", str(path))
        return real(path, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(os, is_forbidden, refuse)
        settled = settle(job, verifying, checked)
    assert names_of(settled) == set(NAMES)
    archive = source.parent / "archive"
    assert not read_notes(archive, "retired")
    assert not read_notes(archive, "retiring")
    assert len(discover(source).fragments) == 2
    pq.write_table(long_table(9), source / NAMES[0])
    assert compress(job).retired == NAMES


@pytest.mark.parametrize("delete", ["never", "after_verify"])
@pytest.mark.parametrize("step", ["noted", "hidden", "hidden and noted", "deleted"])
def test_a_kill_in_a_deletion_is_resolved(source: Path, step: str, delete: str) -> None:
    """Whatever step it comes after, whether or not the next run deletes; rewrites count again."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    note = {
        "source": fingerprint(Fragment(path, NAMES[0], 0)),
        "source_sha256": file_hash(path),
        "archive_sha256": file_hash(archive / NAMES[0]),
    }
    write_note(archive, "retiring", NAMES[0], note)
    if step != "noted":
        path.rename(retiring_path(path))
    if step in ("hidden and noted", "deleted"):
        write_note(archive, "retired", NAMES[0], note)
    if step == "deleted":
        retiring_path(path).unlink()
    finish_retiring(job_for(source, delete=delete))
    is_deleted = step == "deleted" or (delete == "after_verify" and step != "noted")
    assert path.exists() is not is_deleted
    assert not retiring_path(path).exists()
    assert not read_notes(archive, "retiring")
    assert (NAMES[0] in read_notes(archive, "retired")) is is_deleted
    if not is_deleted:
        pq.write_table(long_table(9), path)
        assert compress(job_for(source, delete="never")).failures == ()


def test_a_kill_in_a_deletion_of_what_is_not_held_any_more_gives_it_back(source: Path) -> None:
    """The hidden file is deleted only if the archive has the very file that was verified."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    note = {"source_sha256": file_hash(path), "archive_sha256": file_hash(archive / NAMES[0])}
    write_note(archive, "retiring", NAMES[0], note)
    path.rename(retiring_path(path))
    (archive / NAMES[0]).unlink()
    finish_retiring(job_for(source))
    assert path.exists()
    assert not read_notes(archive, "retired")


def test_a_source_that_rots_never_costs_the_archive_file(source: Path) -> None:
    """Values that differ are its own fault if it is not what was encoded, night after night."""
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
    """Nor if the archive file fails, too: it is all there is."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    for is_ours_bad in (False, True):
        verifying = plan_check(job_for(source), plan_backfill(job_for(source)), None, NOTHING)
        assert verifying is not None
        whole, ours = path.read_bytes(), archive / NAMES[0]
        path.write_bytes(whole[:5000] + b"\xff" * 3000 + whole[8000:])
        if is_ours_bad:
            ours.write_bytes(flipped(ours.read_bytes(), ours.stat().st_size // 3))
        settled = settle(job_for(source), verifying, decode_fragments(verifying, 1))
        assert NAMES[0] in names_of(settled)
        assert ours.exists()
        assert not list(ours.parent.glob(".*"))
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), pa.ArrowMemoryError("malloc failed"), OSError(12, "Cannot allocate memory")],
    ids=lambda error: type(error).__name__,
)
def test_out_of_memory_is_no_damage(source: Path, error: Exception) -> None:
    """It is a failure that another attempt may mend, in one line with the remedy."""

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
    """However old: they may be all there is of a fragment; then they go."""
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
    """Each has a name of its own."""
    job = job_for(source, delete="never")
    for _ in range(2):
        compress(job)
        ours = source.parent / "archive" / NAMES[0]
        ours.write_bytes(flipped(ours.read_bytes(), ours.stat().st_size // 3))
        due = job_for(source)
        verifying = plan_check(due, plan_backfill(due), None, NOTHING)
        assert verifying is not None
        first = replace(verifying, fragments=verifying.fragments[:1])
        settle(due, first, decode_fragments(first, 1))
    found = sorted(path.name for path in ours.parent.glob(".*"))
    assert found == [".part-0.parquet.1.rejected", ".part-0.parquet.rejected"]


def test_a_run_holds_the_archive_to_its_own_tolerances(source: Path) -> None:
    """What another run wrote coarser in between fails by name, and its source stays."""
    job = job_for(source, **FINE)
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    assert encoding is not None
    written = encode_fragments(encoding, 1)
    archive, other = source.parent / "archive", source.parent / "other"
    encode(EncodeJob(source=str(source), archive=str(other), planner={"learn": "never"}))
    (codec,) = (other / "_ae/codecs").iterdir()
    codec.rename(archive / "_ae/codecs" / codec.name)
    os.replace(other / NAMES[0], archive / NAMES[0])
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    settled = settle(job, verifying, decode_fragments(verifying, 1))
    assert settled.retired == (NAMES[1],)
    assert "larger tolerances" in settled.failures[0].message
    assert (archive / NAMES[0]).exists()


@pytest.mark.parametrize(
    ("found", "own", "is_tight"),
    [
        (Promise(0.1), Promise(0.1), True),
        (Promise(0.2), Promise(0.1), False),
        (Promise(), Promise(0.1), True),
        (Promise(0.1), Promise(), False),
        (Promise(), Promise(), True),
        (Promise(relative=0.1), Promise(relative=0.2), True),
        (Promise(digits=3), Promise(digits=4), False),
        (Promise(digits=4), Promise(digits=4), True),
        (Promise(relative=1e-9), Promise(0.1), False),
    ],
)
def test_promises_are_compared(found: Promise, own: Promise, is_tight: bool) -> None:
    """Sort by sort; what is of another sort does not count as tight, what is exact always does."""
    assert is_as_tight(found, own) is is_tight


def test_what_vanishes_before_its_check_is_named(source: Path) -> None:
    """An archive file that is gone when it is to be read back is a failure."""
    job = job_for(source, delete="never")
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    assert encoding is not None
    written = encode_fragments(encoding, 1)
    (source.parent / "archive" / NAMES[0]).unlink()
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    assert names_of(settle(job, verifying, decode_fragments(verifying, 1))) == {NAMES[0]}


def test_what_a_killed_night_had_in_hand_and_is_nowhere_is_named(source: Path) -> None:
    """Neither in the source nor in the archive: told once."""
    job = job_for(source, delete="never")
    encoding = start_compress(job, plan_backfill(job), None)
    assert encoding is not None
    (source / NAMES[0]).unlink()
    assert [failure.relative for failure in compress(job).failures] == [NAMES[0]]
    assert compress(job).failures == ()


def test_an_only_copy_that_is_gone_is_told_every_night(source: Path) -> None:
    """The source was deleted, the archive file has vanished: nothing could be worse."""
    compress(job_for(source))
    (source.parent / "archive" / NAMES[0]).unlink()
    for _ in range(2):
        (failure,) = compress(job_for(source)).failures
        assert (failure.relative, "gone, too" in failure.message) == (NAMES[0], False)
        assert "archive file is gone" in failure.message


def link_folder(source: Path, archive: Path) -> None:
    """The archive's partition is the source's."""
    (archive / "day=1").rename(archive.parent / "elsewhere")
    (archive / "day=1").symlink_to(source / "day=1")


def hard_link(source: Path, archive: Path) -> None:
    """Both names lead to one file."""
    (archive / NAMES[0]).unlink()
    os.link(source / NAMES[0], archive / NAMES[0])


@pytest.mark.parametrize("link", [link_folder, hard_link])
def test_what_is_one_file_is_not_deleted(source: Path, link: Step) -> None:
    """By whatever link: the archive's file is never deleted as its own source."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    link(source, archive)
    proof = Proof(file_hash(path), file_hash(archive / NAMES[0]))
    with pytest.raises(DestinationOverlapError, match="one folder or file"):
        retire(source, archive, NAMES[0], proof)
    assert path.exists()


def test_an_emptied_source_is_an_error_unless_all_was_retired(source: Path) -> None:
    """A disk that is not mounted is not taken for a source that was deleted after verification."""
    compress(job_for(source, backfill={"where": "day = 1"}))
    compress(job_for(source, delete="never"))
    (source / NAMES[1]).rename(source.parent / "away")
    with pytest.raises(EmptySourceError, match=r"1 of 2 files"):
        compress(job_for(source))
    with pytest.raises(EmptySourceError, match=r"1 of 2 files"):
        verify(VerifyJob(archive=str(source.parent / "archive"), source=str(source)))


def test_who_replaces_a_file_whose_source_goes_puts_it_back(source: Path) -> None:
    """The verified file has its name again, and the run that replaced it says so."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    good = (archive / NAMES[0]).read_bytes()
    write_note(archive, "retiring", NAMES[0], {"archive_sha256": file_hash(archive / NAMES[0])})

    def replace_it() -> None:
        with replacing(archive, NAMES[0], path) as keep:
            keep()
            (archive / "new").write_bytes(b"coarser")
            os.replace(archive / "new", archive / NAMES[0])
            path.unlink()

    with pytest.raises(SourceChangedError, match="deleted by another run"):
        replace_it()
    assert (archive / NAMES[0]).read_bytes() == good


def test_a_kill_while_a_verified_file_is_replaced_is_resolved(source: Path) -> None:
    """What was verified and had its source deleted has its name again after the next run."""
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
    """What was begun is still known after nights without the disk, and is ended once it is back."""
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
    path.rename(retiring_path(path))
    source.rename(away)
    source.mkdir()
    finish_retiring(job_for(source, delete))
    source.rmdir()
    away.rename(source)
    finish_retiring(job_for(source, delete))
    assert not retiring_path(path).exists()
    assert path.exists() == (delete == "never")
    assert (NAMES[0] in read_notes(archive, "retired")) == (delete == "after_verify")


@pytest.mark.parametrize(
    ("accepted", "is_deleted"),
    [
        ({}, False),
        ({"relative": 0.01, "accept_flattened": True}, True),
        ({"relative": 0.01, "rules": [{"match": "a", "kind": "spread", "value": 0.01}]}, True),
        ({"relative": 0.01, "rules": [{"match": "*", "kind": "spread", "value": 0.01}]}, False),
    ],
    ids=["plain", "accepted", "named", "glob"],
)
def test_a_source_that_is_flattened_stays(
    tmp_path: Path, accepted: dict[str, Any], is_deleted: bool
) -> None:
    """What is far finer than the promise of the first night is deleted only if that is accepted."""
    walk = np.random.default_rng(0).normal(size=500).cumsum()
    paths = [tmp_path / "source" / name for name in NAMES]
    for path, scale in zip(paths, (1e6, 1e-3), strict=True):
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"a": walk * scale, "b": walk}), path)
        settings = {"tolerance": accepted} if accepted else {}
        report = compress(job_for(tmp_path / "source", **settings))
    assert not paths[0].exists()
    assert paths[1].exists() != is_deleted
    named = [failure.relative for failure in report.failures]
    assert named == ([] if is_deleted else [NAMES[1]])
    assert is_deleted or "flattens what this file says: day=2" in report.failures[0].message
