"""Work in processes: the same outcomes as in threads, and nothing lost or left when one dies."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import sparing_files
from ae_pipeline.errors import ClusterError
from ae_pipeline.results.progress import silent
from ae_pipeline.work import Outcome, carry_out, keeping_workers
from tests.support.faults.works import NamedWork, fragments, stop_after_a

PROCESSES = ExecutionConfig(engine="processes", workers=2)
PARENT = """
import sys
from pathlib import Path
from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.results.progress import silent
from ae_pipeline.work import carry_out
from tests.support.faults.works import NamedWork, fragments
carry_out(NamedWork(Path(sys.argv[1])), fragments("stuck"), stage="test", progress=silent,
          execution=ExecutionConfig(engine="processes"))
"""


def carried_out(folder: Path, *names: str) -> Outcome:
    """The outcome of work in two processes."""
    return carry_out(
        NamedWork(folder), fragments(*names), execution=PROCESSES, stage="test", progress=silent
    )


def test_failures_are_named_and_the_others_finish(tmp_path: Path) -> None:
    """Errors of data and of I/O become failures; only those of I/O are retriable."""
    outcome = carried_out(tmp_path, "a", "damaged", "b", "slow", "c")
    assert [one.relative for one in outcome.results] == ["a", "b", "c"]
    assert [(one.relative, one.is_retriable, one.is_damage) for one in outcome.failures] == [
        ("damaged", False, True),
        ("slow", True, False),
    ]


def test_workers_are_used_again(tmp_path: Path) -> None:
    """Two workers are two processes, however many fragments there are, and neither is this one."""
    outcome = carried_out(tmp_path, *(f"part-{n}" for n in range(9)))
    workers = {one.n_rows for one in outcome.results}
    assert len(workers) <= 2
    assert os.getpid() not in workers


def test_workers_are_kept_between_works(tmp_path: Path) -> None:
    """One step after the other has the same processes, and each protects its own files."""
    source = tmp_path / "source.parquet"
    source.write_text("kept")
    with keeping_workers():
        first = carried_out(tmp_path, "a")
        with sparing_files([], [source]):
            refused = carried_out(tmp_path, "over")
        second = carried_out(tmp_path, "b", "over")
    assert [one.n_rows for one in first.results] == [second.results[0].n_rows]
    assert "would be written over what is read" in str(refused.failures[0])
    assert source.read_text() == "lost"


def test_a_bug_is_raised(tmp_path: Path) -> None:
    """A bug ends the job, as in threads, and says where in the worker it was raised."""
    with pytest.raises(KeyError, match="bug") as caught:
        carried_out(tmp_path, "bug")
    assert "in a worker process" in caught.value.__notes__[0]


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """The fragment of a worker that was killed is done by another one."""
    outcome = carried_out(tmp_path, "fragile", "a", "b")
    assert [one.relative for one in outcome.results] == ["fragile", "a", "b"]
    assert (tmp_path / "deaths").read_text() == "x"


def test_a_fragment_that_kills_its_workers_is_named(tmp_path: Path) -> None:
    """After two deaths the fragment has failed; all others are done."""
    outcome = carried_out(tmp_path, "a", "fatal", "b", "c")
    assert [one.relative for one in outcome.results] == ["a", "b", "c"]
    (failure,) = outcome.failures
    assert "fatal: 2 worker processes died at it, the last one was killed by SIGKILL" in str(
        failure
    )
    assert (tmp_path / "deaths").read_text() == "xx"


def test_a_stop_ends_workers(tmp_path: Path) -> None:
    """After a stop no worker is left, and no half-written file."""
    with pytest.raises(KeyboardInterrupt):
        carry_out(
            NamedWork(tmp_path),
            fragments("a", "stuck"),
            execution=PROCESSES,
            stage="test",
            progress=stop_after_a,
        )
    assert [path.name for path in tmp_path.iterdir()] in ([], ["pid"])


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    """When this process is killed, its workers end, and remove what they had begun."""
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)]) as parent:
        while not (tmp_path / "pid").exists():
            assert parent.poll() is None
        worker = int((tmp_path / "pid").read_text() or 0)
        parent.send_signal(signal.SIGKILL)
    while Path(f"/proc/{worker}").exists():
        os.sched_yield()
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]


def test_records_come_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What workers log is logged by this process, under the same names."""
    with caplog.at_level(logging.WARNING):
        carried_out(tmp_path, "a")
    assert ("ae_pipeline.named", logging.WARNING, "on a") in caplog.record_tuples


@pytest.mark.parametrize("wanted", [logging.INFO, logging.ERROR])
def test_only_wanted_records_come_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, wanted: int
) -> None:
    """The level of this package's logger counts, in both directions, not that of the root."""
    ours = logging.getLogger("ae_pipeline")
    with caplog.at_level(logging.WARNING):
        before = ours.level
        ours.setLevel(wanted)
        try:
            carried_out(tmp_path, "a")
        finally:
            ours.setLevel(before)
    assert (("ae_pipeline.named", logging.WARNING, "on a") in caplog.record_tuples) is (
        wanted == logging.INFO
    )


def test_a_worker_that_cannot_start_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for the job, not one for each fragment, says what to do without processes."""
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(ClusterError, match=r"a worker process cannot be started.*to threads"):
        carried_out(tmp_path, "a", "b")


def test_paths_of_any_kind_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Python itself skips among the places of modules does not stop a worker."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path, tmp_path])
    assert len(carried_out(tmp_path, "a").results) == 1


def test_workers_spare_the_source(tmp_path: Path) -> None:
    """A worker writes over no file that the job protects."""
    source = tmp_path / "source.parquet"
    source.write_text("kept")
    with sparing_files([], [source]):
        outcome = carried_out(tmp_path, "over")
    assert "would be written over what is read" in str(outcome.failures[0])
    assert source.read_text() == "kept"
