"""A flow that is stopped and killed: Prefect knows, nothing half is left, a re-run goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import yaml

from tests.processes import (
    STOP_CODES,
    Running,
    assert_complete,
    assert_whole,
    half_files,
    many_fragments,
    published,
)

pytestmark = [pytest.mark.flow, pytest.mark.heavy, pytest.mark.timeout(400)]

N_FRAGMENTS = 150


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Many small fragments."""
    return many_fragments(tmp_path / "source", N_FRAGMENTS)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Where the archive will be."""
    return tmp_path / "archive"


@pytest.fixture
def job(source: Path, archive: Path, tmp_path: Path) -> Path:
    """A job file that encodes one to the other, in several tasks."""
    settings = {
        "source": str(source),
        "archive": str(archive),
        "planner": {"learn": "never"},
        "execution": {"workers": 1, "fragments_per_task": 50},
    }
    path = tmp_path / "job.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def test_stopped_flow(job: Path, source: Path, archive: Path, tmp_path: Path) -> None:
    """A flow ends with the code of SIGTERM as crashed, may be killed at the next try, and ends."""
    home = str(tmp_path / "prefect")
    for stop in (signal.SIGTERM, signal.SIGKILL):
        n_before = len(published(archive))
        with Running("--config", job, module="flows.encode", PREFECT_HOME=home) as running:
            running.wait_until(lambda n=n_before: len(published(archive)) > n)
            running.send(stop)
            assert running.end() == STOP_CODES[stop]
            if stop == signal.SIGTERM:
                assert "Finished in state Crashed" in running.output
                assert "run again to go on" in running.output
                assert half_files(archive) == []
        assert n_before < len(published(archive)) < N_FRAGMENTS
        assert_whole(archive, source)
    with Running("--config", job, module="flows.encode", PREFECT_HOME=home) as running:
        assert running.end() == 0, running.output
    assert_complete(archive, source)
