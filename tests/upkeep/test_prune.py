"""Orphans: every verb that reads reports them, and they are removed only with care."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.errors import ConfigError
from ae_pipeline.report.presenter import present
from ae_pipeline.storage import read_notes, write_note
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import (
    backfill,
    compress,
    decode,
    encode,
    encode_fragments,
    finish_backfill,
    inspect,
    start_backfill,
    verify,
)
from tests.support.checks import assert_one_line
from tests.support.jobs.execution import ALONE

NEVER: dict[str, Any] = {"planner": {"learn": "never"}}
N_ROWS = 60


def write(path: Path, seed: int = 0) -> Path:
    """A small table of sixty rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"a": [0.5 * i + seed for i in range(N_ROWS)]}), path)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two days, one file each."""
    for day in (1, 2):
        write(tmp_path / "source" / f"day={day}" / "old.parquet", day)
    return tmp_path / "source"


def job_for(source: Path, **settings: Any) -> EncodeJob:
    """A backfill of the archive beside the source."""
    archive = source.parent / "archive"
    return EncodeJob(source=str(source), archive=str(archive), **{**NEVER, **settings})


def night_of(source: Path, **settings: Any) -> CompressJob:
    """A night of compression over the same datasets."""
    archive = source.parent / "archive"
    return CompressJob(source=str(source), archive=str(archive), **{**NEVER, **settings})


def files(root: Path) -> list[str]:
    """Relative paths of Parquet files, without private ones."""
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*.parquet")
        if "_ae" not in path.parts
    )


def rename(source: Path, day: int) -> None:
    """Rewrite a partition under another file name."""
    (source / f"day={day}" / "old.parquet").unlink()
    write(source / f"day={day}" / "new.parquet", 9)


def many(source: Path, n_files: int) -> Path:
    """More files of a third day."""
    for number in range(n_files):
        write(source / "day=3" / f"{number}.parquet", number)
    return source


@pytest.mark.parametrize("has_retired", [False, True], ids=["nothing retired", "one retired"])
def test_an_emptied_source_prunes_nothing(source: Path, has_retired: bool) -> None:
    """A disk that is not mounted empties no archive, whatever sources were retired before."""
    archive = source.parent / "archive"
    encode(job_for(many(source, 3)))
    if has_retired:
        write_note(archive, "retired", "day=1/old.parquet", {"source": "x"})
    for path in source.rglob("*.parquet"):
        path.unlink()
    with pytest.raises(ValueError, match=r"no Parquet files|source is empty"):
        backfill(job_for(source, backfill={"prune": True}))
    assert len(files(archive)) == 5


@pytest.mark.parametrize(
    ("n_gone", "n_files", "is_refused"),
    [(1, 1, False), (2, 3, True), (2, 17, True), (2, 18, False), (3, 18, True)],
)
def test_more_than_a_tenth_takes_force(
    source: Path, n_gone: int, n_files: int, is_refused: bool
) -> None:
    """One file, or a tenth of all, is pruned at once; more is refused in one line until forced."""
    archive = source.parent / "archive"
    encode(job_for(many(source, n_files)))
    gone = files(source)[-n_gone:]
    for relative in gone:
        (source / relative).unlink()
    n_all = n_files + 2
    dry = backfill(job_for(source, backfill={"prune": True, "dry_run": True}))
    assert [one.relative for one in dry.plan.pruned] == sorted(
        gone, key=[one.relative for one in dry.plan.fragments].index
    )
    assert any("--force" in line for line in present(dry).warnings()) == is_refused
    if is_refused:
        with pytest.raises(ConfigError) as caught:
            backfill(job_for(source, backfill={"prune": True}))
        assert_one_line(
            caught.value, f"{n_gone} of {n_all} files would be removed", gone[0], "--force"
        )
        assert len(files(archive)) == n_all
    backfill(job_for(source, backfill={"prune": True}, execution={"force": is_refused}))
    assert files(archive) == files(source)


def test_retired_fragments_are_never_pruned(source: Path) -> None:
    """Not even force removes an archive file that is the only copy."""
    archive = source.parent / "archive"
    encode(job_for(source))
    write_note(archive, "retired", "day=1/old.parquet", {"source": "x"})
    (source / "day=1" / "old.parquet").unlink()
    backfill(job_for(source, backfill={"prune": True}, execution={"force": True}))
    assert len(files(archive)) == 2


def test_what_comes_back_is_not_pruned(source: Path) -> None:
    """A source file that has returned before its archive file is removed keeps that file."""
    encode(job_for(source))
    shutil.move(source / "day=1", source.parent / "away")
    job = job_for(source, backfill={"prune": True})
    plan = plan_backfill(job)
    assert [one.relative for one in plan.pruned] == ["day=1/old.parquet"]
    shutil.move(source.parent / "away", source / "day=1")
    start_backfill(job, plan)
    assert len(files(source.parent / "archive")) == 2


def test_a_source_that_is_damaged_leaves_no_orphan(source: Path) -> None:
    """A truncated source file without a suffix is damaged, not gone: its archive file stays."""
    (source / "day=2" / "old.parquet").rename(source / "day=2" / "000000_0")
    encode(job_for(source))
    (source / "day=2" / "000000_0").write_bytes(b"PAR1 cut")
    found = backfill(job_for(source, backfill={"prune": True}))
    assert {one.relative: one.state for one in found.plan.fragments} == {
        "day=1/old.parquet": "current",
        "day=2/000000_0": "failed",
    }
    assert (source.parent / "archive" / "day=2" / "000000_0").exists()


def test_naming_a_single_file_does_not_prune_its_neighbours(source: Path) -> None:
    """Files beside the named one have a source, although they were not named."""
    flat = source.parent / "flat"
    for name in ("a", "b"):
        write(flat / f"{name}.parquet")
    encode(job_for(flat))
    job = EncodeJob(
        source=str(flat / "a.parquet"),
        archive=str(source.parent / "archive"),
        backfill={"prune": True},
        **NEVER,
    )
    backfill(job)
    assert files(source.parent / "archive") == ["a.parquet", "b.parquet"]


def test_every_verb_that_reads_reports_orphans(source: Path, tmp_path: Path) -> None:
    """Files, rows and names are reported, whether the source is named or known from the codec."""
    encode(job_for(source))
    rename(source, 2)
    archive, line_start = str(tmp_path / "archive"), "1 file, 60 rows, not in the source any more"
    reports = {
        "encode": encode(job_for(source)),
        "backfill": backfill(job_for(source)),
        "compress": compress(night_of(source)),
        "decode": decode(DecodeJob(archive=archive, decoded=str(tmp_path / "d"))),
        "verify": verify(VerifyJob(archive=archive)),
        "verify, compared": verify(VerifyJob(archive=archive, source=str(source))),
        "decode, compared": decode(
            DecodeJob(archive=archive, decoded=str(tmp_path / "e"), source=str(source))
        ),
    }
    for verb, report in reports.items():
        lines = [line for line in present(report).warnings() if line_start in line]
        assert len(lines) == 1, verb
        assert "day=2/old.parquet" in lines[0]
    assert inspect(archive).facts["orphaned"] == f"{line_start}: day=2/old.parquet"


def test_orphans_of_a_selection_alone(source: Path, tmp_path: Path) -> None:
    """Decoding one partition reports the orphans of that partition only."""
    encode(job_for(source))
    rename(source, 2)
    encode(job_for(source))
    archive = str(tmp_path / "archive")
    for day, n_warnings in ((1, 0), (2, 1)):
        chosen = {"partitions": [f"day={day}"]}
        report = verify(VerifyJob(archive=archive, selection=chosen))
        assert len(report.warnings) == n_warnings


def test_retired_fragments_are_not_reported_as_orphans(source: Path) -> None:
    """A fragment whose source was deleted after verification is not an orphan."""
    job = night_of(source, retention={"delete_source": "after_verify"})
    compress(job)
    rest = write(source / "day=3" / "p.parquet")
    assert not present(compress(job)).warnings()
    assert not rest.exists()
    assert not verify(VerifyJob(archive=job.archive)).warnings
    write(rest)
    assert not encode(job_for(source)).warnings


@pytest.mark.parametrize("verb", ["backfill", "compress", "compress and delete", "features"])
def test_a_partition_that_was_rewritten_is_replaced(verb: str, source: Path) -> None:
    """Once its new files are verified the old ones go, and decode gives each row once."""
    settings: dict[str, Any] = {"backfill": {"replace_partitions": True}}
    if verb == "features":
        small = {"network": {"latent_dim": 1}, "training": {"epochs": 0}}
        job = EncodeJob(
            source=str(source), features=str(source.parent / "archive"), **small, **settings
        )
        run = lambda: backfill(job)  # noqa: E731
    elif verb == "backfill":
        run = lambda: backfill(job_for(source, **settings))  # noqa: E731
    else:
        delete = "after_verify" if "delete" in verb else "never"
        settings["retention"] = {"delete_source": delete}
        run = lambda: compress(night_of(source, **settings))  # noqa: E731
    if "delete" in verb:
        encode(job_for(source))
    else:
        run()
    rename(source, 2)
    report = run()
    assert report.replaced == ("day=2/old.parquet",)
    assert any("day=2/old.parquet" in line for line in present(report).lines())
    assert files(source.parent / "archive") == ["day=1/old.parquet", "day=2/new.parquet"]
    assert not present(report).warnings()


def test_nothing_is_replaced_by_default(source: Path) -> None:
    """Orphans stay unless the job asks to replace them."""
    encode(job_for(source))
    rename(source, 2)
    assert backfill(job_for(source)).replaced == ()
    assert "day=2/old.parquet" in files(source.parent / "archive")


def test_only_partitions_that_were_renewed_are_replaced(source: Path) -> None:
    """An orphan stays, and is reported, if its partition lists nothing or got nothing new."""
    many(source, 2)
    encode(job_for(source))
    (source / "day=1" / "old.parquet").unlink()
    (source / "day=3" / "0.parquet").unlink()
    rename(source, 2)
    report = backfill(job_for(source, backfill={"replace_partitions": True}))
    assert report.replaced == ("day=2/old.parquet",)
    assert "2 files, 120 rows" in report.plan.warnings[0]


def test_a_partition_that_fails_is_not_replaced(source: Path) -> None:
    """If one of its new files cannot be encoded, the old ones stay: they may be the only copy."""
    encode(job_for(source))
    rename(source, 2)
    (source / "day=2" / "bad.parquet").write_bytes(b"PAR1 nothing PAR1")
    job = job_for(source, backfill={"replace_partitions": True})
    report = backfill(job)
    assert len(report.report.failures) == 1
    assert report.replaced == ()
    assert "day=2/old.parquet" in files(source.parent / "archive")


def test_replacing_much_takes_force(source: Path) -> None:
    """The guard of prune holds: the new files are written, the old ones stay until forced."""
    encode(job_for(source))
    for day in (1, 2):
        rename(source, day)
    chosen = {"replace_partitions": True}
    dry = backfill(job_for(source, backfill={**chosen, "dry_run": True}))
    assert "2 to replace" in present(dry).lines()[0]
    assert "--force" in present(dry).warnings()[0]
    assert len(present(dry).tables()[1].rows) == 4
    report = backfill(job_for(source, backfill=chosen))
    assert report.replaced == ()
    assert any("--force" in line for line in present(report).warnings())
    assert len(files(source.parent / "archive")) == 4
    for path in (source.parent / "archive").rglob("new.parquet"):
        path.unlink()
    forced = backfill(job_for(source, backfill=chosen, execution={"force": True}))
    assert len(forced.replaced) == 2
    assert files(source.parent / "archive") == files(source)


def test_a_file_that_vanishes_between_plan_and_work_is_named(source: Path) -> None:
    """A planned file that is gone before it is encoded is named; the others are encoded."""
    job = job_for(source)
    plan = plan_backfill(job)
    (source / "day=2" / "old.parquet").unlink()
    encoding = start_backfill(job, plan)
    assert encoding is not None
    report = finish_backfill(plan, encoding, encode_fragments(encoding, ALONE), 0.0)
    assert present(report).warnings() == [
        "1 file is gone from the source since the plan was made: day=2/old.parquet"
    ]
    assert report.report.n_written == 1
    assert read_notes(source.parent / "archive", "failed") == {}
