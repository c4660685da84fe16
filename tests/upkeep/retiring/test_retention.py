"""Retirement: nothing is lost when sources are deleted, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.coding import Promise
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment, discover, file_hash
from ae_pipeline.errors import DestinationOverlapError, SourceChangedError
from ae_pipeline.fragments.kept_promise import is_as_tight
from ae_pipeline.results.dataset import Proof
from ae_pipeline.storage import read_notes, write_note
from ae_pipeline.upkeep import plan_backfill, replacing, retire
from ae_pipeline.verbs import (
    NOTHING,
    compress,
    decode_fragments,
    encode,
    encode_fragments,
    plan_check,
    settle,
    start_compress,
)
from tests.support.jobs.attempts import for_each_fragment
from tests.support.jobs.execution import ALONE
from tests.support.jobs.nights import NAMES, flipped, job_for, long_table, names_of, rot, verified

FINE = {"tolerance": {"relative": 0.001}}
Step = Callable[[Path, Path], object]


def test_an_archive_file_that_rots_after_its_check_keeps_its_source(source: Path) -> None:
    """A source stays if its archive file has changed since it was verified."""
    job = job_for(source)
    verifying, checked = verified(job)
    archived = source.parent / "archive" / NAMES[0]
    archived.write_bytes(flipped(archived.read_bytes(), archived.stat().st_size // 2))
    settled = settle(job, verifying, checked)
    assert settled.retired == (NAMES[1],)
    assert names_of(settled) == {NAMES[0]}
    assert (source / NAMES[0]).exists()
    assert set(read_notes(source.parent / "archive", "retired")) == {NAMES[1]}


def test_a_coarser_file_that_comes_after_the_check_keeps_its_source(source: Path) -> None:
    """A source stays if a backfill with larger tolerances replaces its archive file in between."""
    job = job_for(source, **FINE)
    verifying, checked = verified(job)
    other = source.parent / "other"
    encode(EncodeJob(source=str(source), archive=str(other), planner={"learn": "never"}))
    os.replace(other / NAMES[0], source.parent / "archive" / NAMES[0])
    settled = settle(job, verifying, checked)
    assert settled.retired == (NAMES[1],)
    assert (source / NAMES[0]).exists()


def test_a_source_rewritten_behind_the_fingerprint_stays(source: Path) -> None:
    """A changed byte that the fingerprint misses still keeps the file from being deleted."""
    job = job_for(source)
    verifying, checked = verified(job)
    rot(source / NAMES[0])
    settled = settle(job, verifying, checked)
    assert settled.retired == (NAMES[1],)
    assert (source / NAMES[0]).exists()
    assert not list(source.rglob(".*"))
    assert not read_notes(source.parent / "archive", "retiring")


def test_the_note_holds_both_hashes(source: Path) -> None:
    """The hashes in the note identify a restored source or archive file."""
    before = file_hash(source / NAMES[0])
    compress(job_for(source))
    archive = source.parent / "archive"
    note = read_notes(archive, "retired")[NAMES[0]]
    assert note["source_sha256"] == before
    assert note["archive_sha256"] == file_hash(archive / NAMES[0])
    assert not read_notes(archive, "retiring")


def test_a_file_that_is_written_to_during_its_check_is_not_proved(source: Path) -> None:
    """A rewrite in place and a rename over the file are both noticed between the reads."""
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
    """If the system refuses the deletion, the source keeps its name and can be rewritten later."""
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


def test_a_run_holds_the_archive_to_its_own_tolerances(source: Path) -> None:
    """A coarser file that another run wrote in between fails by name, and its source stays."""
    job = job_for(source, **FINE)
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    assert encoding is not None
    written = encode_fragments(encoding, ALONE)
    archive, other = source.parent / "archive", source.parent / "other"
    encode(EncodeJob(source=str(source), archive=str(other), planner={"learn": "never"}))
    (codec,) = (other / "_ae/codecs").iterdir()
    codec.rename(archive / "_ae/codecs" / codec.name)
    os.replace(other / NAMES[0], archive / NAMES[0])
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    settled = settle(job, verifying, decode_fragments(verifying, ALONE))
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
    """Promises of different kinds are not as tight as each other, but an exact one always is."""
    assert is_as_tight(found, own) is is_tight


def test_what_vanishes_before_its_check_is_named(source: Path) -> None:
    """An archive file that is gone before it is read back is a failure."""
    job = job_for(source, delete="never")
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    assert encoding is not None
    written = encode_fragments(encoding, ALONE)
    (source.parent / "archive" / NAMES[0]).unlink()
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    assert names_of(settle(job, verifying, decode_fragments(verifying, ALONE))) == {NAMES[0]}


def link_folder(source: Path, archive: Path) -> None:
    """Make the archive's partition a link to the source's."""
    (archive / "day=1").rename(archive.parent / "elsewhere")
    (archive / "day=1").symlink_to(source / "day=1")


def hard_link(source: Path, archive: Path) -> None:
    """Make both names lead to one file."""
    (archive / NAMES[0]).unlink()
    os.link(source / NAMES[0], archive / NAMES[0])


@pytest.mark.parametrize("link", [link_folder, hard_link])
def test_a_file_that_is_its_own_archive_is_not_deleted(source: Path, link: Step) -> None:
    """Whatever the link, an archive file is never deleted as its own source."""
    compress(job_for(source, delete="never"))
    archive, path = source.parent / "archive", source / NAMES[0]
    link(source, archive)
    proof = Proof(file_hash(path), file_hash(archive / NAMES[0]))
    with pytest.raises(DestinationOverlapError, match="one folder or file"):
        retire(source, archive, NAMES[0], proof)
    assert path.exists()


def test_a_run_that_replaces_a_file_whose_source_goes_puts_it_back(source: Path) -> None:
    """The verified file gets its name back, and the run that replaced it reports that."""
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
    """A source far finer than the first night's promise is deleted only if the job accepts that."""
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
