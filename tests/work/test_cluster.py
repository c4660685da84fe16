"""Work on a Dask cluster: the outcomes of threads, and one line where the cluster cannot."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from ae_pipeline.config.job import EncodeJob, ExecutionConfig
from ae_pipeline.dataset import sparing_files
from ae_pipeline.errors import ClusterError
from ae_pipeline.results.progress import ProgressEvent, silent
from ae_pipeline.verbs import encode
from ae_pipeline.work import Outcome, carry_out, gather
from tests.support.data.datasets import mixed_tree
from tests.support.faults.works import NamedWork, Spelling, Word, fragments, stop_after_a
from tests.support.jobs.dask_cluster import listening, running

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def execution(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExecutionConfig]:
    """A cluster that was not started by the job, with two workers."""
    with (
        listening(tmp_path_factory.mktemp("cluster")) as (_, address),
        running("worker", address, "--nworkers", "2", "--nthreads", "1"),
    ):
        yield ExecutionConfig(engine="dask", dask_address=address)


def carried_out(execution: ExecutionConfig, folder: Path, *names: str) -> Outcome:
    """The outcome of work on a cluster."""
    return carry_out(
        NamedWork(folder), fragments(*names), execution=execution, stage="test", progress=silent
    )


def test_failures_are_named_and_the_others_finish(
    execution: ExecutionConfig, tmp_path: Path
) -> None:
    """Errors of data and of I/O become failures; only those of I/O are retriable."""
    outcome = carried_out(execution, tmp_path, "a", "damaged", "b", "slow", "c")
    assert [one.relative for one in outcome.results] == ["a", "b", "c"]
    assert [(one.relative, one.is_retriable, one.is_damage) for one in outcome.failures] == [
        ("damaged", False, True),
        ("slow", True, False),
    ]


def test_any_items_are_worked_on(execution: ExecutionConfig, tmp_path: Path) -> None:
    """What is made of each item comes in order, and a failure in the place of what cannot be."""
    words = [Word("b"), Word("fatal"), Word("ac")]
    first, failure, last = gather(
        Spelling(tmp_path), words, execution=execution, stage="test", progress=silent
    )
    assert (first, last) == (["b"], ["a", "c"])
    assert "all worker processes that tried it died" in str(failure)


def test_answers_of_another_kind_are_refused(execution: ExecutionConfig, tmp_path: Path) -> None:
    """An answer that is not what the work makes ends the job, whatever a worker means by it."""
    with pytest.raises(ClusterError, match="a worker gave an answer of another kind"):
        gather(
            Spelling(tmp_path, promises=dict),
            [Word("a")],
            execution=execution,
            stage="test",
            progress=silent,
        )


def test_a_bug_is_raised(execution: ExecutionConfig, tmp_path: Path) -> None:
    """A bug ends the job, as in threads."""
    with pytest.raises(KeyError, match="bug"):
        carried_out(execution, tmp_path, "bug")


def test_deaths(execution: ExecutionConfig, tmp_path: Path) -> None:
    """The fragment of a killed worker is done by another; one that kills all is named."""
    outcome = carried_out(execution, tmp_path, "fragile", "a", "fatal", "b")
    assert [one.relative for one in outcome.results] == ["fragile", "a", "b"]
    assert "all worker processes that tried it died" in str(outcome.failures[0])


def test_a_stop_ends_tasks(execution: ExecutionConfig, tmp_path: Path) -> None:
    """After a stop, tasks end at their next batch and leave no half-written file."""
    with pytest.raises(KeyboardInterrupt):
        carry_out(
            NamedWork(tmp_path),
            fragments("a", "stuck"),
            execution=execution,
            stage="test",
            progress=stop_after_a,
        )
    # Both workers are free again, and whatever was begun is gone.
    assert len(carried_out(execution, tmp_path, "b", "c", "d").results) == 3
    assert [path.name for path in tmp_path.iterdir() if path.name != "pid"] == []


def test_records_come_back(
    execution: ExecutionConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What the package logs in a task is logged by the job."""
    with caplog.at_level(logging.WARNING):
        carried_out(execution, tmp_path, "a")
    assert ("ae_pipeline.named", logging.WARNING, "on a") in caplog.record_tuples


def test_workers_spare_the_source(execution: ExecutionConfig, tmp_path: Path) -> None:
    """A task writes over no file that the job protects."""
    source = tmp_path / "source.parquet"
    source.write_text("kept")
    with sparing_files([], [source]):
        outcome = carried_out(execution, tmp_path, "over")
    assert "would be written over what is read" in str(outcome.failures[0])
    assert source.read_text() == "kept"


def test_paths_that_workers_lack_are_named(execution: ExecutionConfig, tmp_path: Path) -> None:
    """A cluster that does not see the job's files is refused before its first task."""
    with pytest.raises(ClusterError, match=r"a worker does not see the job's files: .*absent"):
        carried_out(execution, tmp_path / "absent", "a")


def test_a_lost_scheduler_is_named(tmp_path: Path) -> None:
    """A scheduler that is killed ends the job with an error, not with fewer fragments."""
    with listening(tmp_path) as (scheduler, address), running("worker", address, "--nthreads", "1"):

        def kill(event: ProgressEvent) -> None:
            if event.detail == "a":
                scheduler.kill()

        with pytest.raises(ClusterError, match="lost"):
            carry_out(
                NamedWork(tmp_path),
                fragments("a", "stuck"),
                execution=ExecutionConfig(engine="dask", dask_address=address),
                stage="test",
                progress=kill,
            )


def test_same_bytes(tmp_path: Path) -> None:
    """A cluster that the job starts itself writes the bytes that threads write."""
    mixed_tree(tmp_path / "source")
    job = EncodeJob(source=str(tmp_path / "source"), archive=str(tmp_path / "threads"))
    report = encode(job)
    codec = tmp_path / "threads" / "_ae" / "codecs" / report.codec_ids[0]
    encode(
        EncodeJob(
            source=job.source,
            archive=str(tmp_path / "dask"),
            codec=str(codec),
            execution={"engine": "dask"},
        )
    )
    files = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*.parquet")}
        for root in (tmp_path / "threads", tmp_path / "dask")
    ]
    assert files[0]
    assert files[0] == files[1]
