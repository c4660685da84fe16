"""Names of a source that lead to nothing: one file is one failure, or nothing to do."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import CompressJob, EncodeJob, EstimateJob, FitJob, VerifyJob
from ae_pipeline.errors import SourceNotFoundError
from ae_pipeline.storage import read_notes
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import backfill, compress, encode, estimate, fit, inspect, verify

NEVER = {"planner": {"learn": "never"}}


def write(path: Path, seed: int = 0) -> Path:
    """A small table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"a": [0.5 * i + seed for i in range(30)]}), path)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two days, and a third that is a link to nothing."""
    for day in (1, 2):
        write(tmp_path / "source" / f"day={day}" / "p.parquet", day)
    (tmp_path / "source" / "day=3").mkdir()
    (tmp_path / "source" / "day=3" / "p.parquet").symlink_to(tmp_path / "gone")
    return tmp_path / "source"


def test_a_dangling_link_is_one_failure(source: Path, tmp_path: Path) -> None:
    """Encode, backfill and compress name it and do the others; fit and estimate go on without."""
    job = {"source": str(source), **NEVER}
    for verb, report in (
        ("encode", encode(EncodeJob(archive=str(tmp_path / "a"), **job))),
        ("backfill", backfill(EncodeJob(archive=str(tmp_path / "b"), **job)).report),
        ("compress", compress(CompressJob(archive=str(tmp_path / "c"), **job))),
    ):
        assert report is not None
        assert [one.relative for one in report.failures] == ["day=3/p.parquet"], verb
    for archive in "abc":
        assert len(list((tmp_path / archive).glob("day=*/p.parquet"))) == 2
    estimate(EstimateJob(tolerances=(0.1,), **job))
    (tmp_path / "gone").mkdir()
    report = verify(VerifyJob(archive=str(tmp_path / "a"), source=str(source)))
    assert [one.relative for one in report.failures] == []


def test_inspect_describes_the_others(source: Path, tmp_path: Path) -> None:
    """Of a source and of an archive alike, what cannot be read is named beside what can."""
    encode(EncodeJob(source=str(source), archive=str(tmp_path / "a"), **NEVER))
    (tmp_path / "a" / "day=2" / "p.parquet").write_bytes(b"PAR1")
    for path, broken, n_rows in ((source, "day=3", 60), (tmp_path / "a", "day=2", 30)):
        facts = inspect(str(path)).facts
        assert facts["rows"] == n_rows
        assert f"{broken}/p.parquet" in str(facts["not readable"])
    with pytest.raises(SourceNotFoundError, match="day=3"):
        inspect(str(source / "day=3"))


def test_a_single_file_that_is_gone_is_an_error_of_the_job(source: Path, tmp_path: Path) -> None:
    """Whoever names a link to nothing as the source is told at once."""
    job = EncodeJob(source=str(source / "day=3" / "p.parquet"), archive=str(tmp_path / "a"))
    with pytest.raises(SourceNotFoundError, match="no such file or folder"):
        encode(job)


def night(source: Path, tmp_path: Path) -> tuple[CompressJob, object]:
    """A night of compression that deletes sources."""
    job = CompressJob(
        source=str(source),
        archive=str(tmp_path / "archive"),
        retention={"delete_source": "after_verify"},
        **NEVER,
    )
    return job, compress(job)


@pytest.mark.parametrize("is_relative", [True, False], ids=["relative", "absolute"])
def test_links_to_what_we_deleted_are_nothing_to_do(is_relative: bool, tmp_path: Path) -> None:
    """Two names of one file: once the file was deleted, every later night has nothing to say."""
    source = tmp_path / "source"
    file = write(source / "day=1" / "p.parquet")
    (source / "day=2").mkdir()
    link = source / "day=2" / "p.parquet"
    link.symlink_to(Path("..", "day=1", "p.parquet") if is_relative else file)
    job, _ = night(source, tmp_path)
    assert not file.exists()
    for _ in range(2):
        _, report = night(source, tmp_path)
        assert not report.failures
        assert not report.plan.selected
    plan = plan_backfill(job)
    assert {one.state for one in plan.fragments} == {"retired"}
    pruning = job.model_copy(update={"backfill": job.backfill.model_copy(update={"prune": True})})
    backfill(pruning)
    assert len(list((tmp_path / "archive").glob("day=*/p.parquet"))) == 2
    assert "day=1/p.parquet" in read_notes(tmp_path / "archive", "retired")


def test_fit_goes_on_without_what_dangles(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A codec is fitted to the files that can be read; the other is named."""
    settings = {"training": {"epochs": 0}, "network": {"latent_dim": 1}}
    result = fit(FitJob(source=str(source), codec=str(tmp_path / "codec"), **settings))
    assert result.n_rows == 60
    assert "day=3/p.parquet" in caplog.text
