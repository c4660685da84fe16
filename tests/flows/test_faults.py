"""Flows that are stopped and killed: Prefect knows, nothing half is left, a re-run goes on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.verbs import decode, encode
from tests.support.codec.trees import has_json
from tests.support.flows.servers import StandingServer, standing_server
from tests.support.jobs.processes import (
    STOP_CODES,
    Running,
    assert_complete,
    assert_same_files,
    assert_whole,
    half_files,
    many_fragments,
    published,
)

pytestmark = [pytest.mark.flow, pytest.mark.heavy, pytest.mark.timeout(400)]

N_FRAGMENTS = 150

Job = Callable[..., tuple[str, Path]]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingServer]:
    """A server that outlives the flows; starting one for each costs more than the flows do."""
    with standing_server(tmp_path_factory.mktemp("standing")) as server:
        yield server


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many small fragments; nobody may change them."""
    return many_fragments(tmp_path_factory.mktemp("faults") / "source", N_FRAGMENTS)


@pytest.fixture
def job(source: Path, tmp_path: Path) -> Job:
    """Options of a flow: a job file about `source` with more settings, several tasks long."""

    def write(**settings: object) -> tuple[str, Path]:
        common = {
            "source": str(source),
            "planner": {"learn": "never"},
            "execution": {"workers": 1, "fragments_per_task": 50},
        }
        path = tmp_path / "job.yaml"
        path.write_text(yaml.safe_dump({**common, **settings}), encoding="utf-8")
        return "--config", path

    return write


def flow_of(verb: str, server: StandingServer, *options: object) -> Running:
    """A flow in a process of its own, against a standing server."""
    environment = {
        name: value for name, value in server.environment.items() if name.startswith("PREFECT_")
    }
    return Running(*options, module=f"flows.{verb}", **environment)


def rerun(verb: str, server: StandingServer, *options: object) -> str:
    """Run a flow that must complete; returns what it said."""
    with flow_of(verb, server, *options) as running:
        assert running.end() == 0, running.output
        return running.output


def latest_run(client: SyncPrefectClient) -> FlowRun:
    """The run that was created last."""
    return max(client.read_flow_runs(), key=lambda run: run.created)


def test_interrupted_without_a_server(
    job: Job, source: Path, standing: StandingServer, tmp_path: Path
) -> None:
    """Ctrl-C ends flow and temporary server: one line, 130, the run Crashed; a re-run goes on."""
    archive, home = tmp_path / "archive", tmp_path / "prefect"
    options = job(archive=str(archive))
    with Running(*options, module="flows.backfill", PREFECT_HOME=str(home)) as running:
        running.wait_until(lambda: published(archive))
        running.interrupt()
        assert running.end() == STOP_CODES[signal.SIGINT]
        assert "interrupted; run again to continue" in running.output
        assert "does not answer" not in running.output
    assert states_in(home) == ["CRASHED"]
    assert half_files(archive) == []
    assert len(published(archive)) < N_FRAGMENTS
    assert_whole(archive, source)
    # With a standing server it tells where that shows the run, and starts none.
    said = rerun("backfill", standing, *options)
    assert f"{standing.url}/runs" in said
    assert "server start" not in said
    assert_complete(archive, source)


def states_in(home: Path) -> list[str]:
    """Types of the states of all runs in a Prefect database, read without Prefect."""
    with sqlite3.connect(home / "prefect.db") as database:
        return [state for (state,) in database.execute("SELECT state_type FROM flow_run")]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL], ids=lambda stop: stop.name)
def test_stopped_encode(
    stop: signal.Signals, job: Job, source: Path, standing: StandingServer, tmp_path: Path
) -> None:
    """A stopped encode is Crashed and leaves nothing half, a killed one whole files; both go on."""
    archive = tmp_path / "archive"
    options = job(archive=str(archive))
    with flow_of("encode", standing, *options) as running:
        running.wait_until(lambda: published(archive))
        running.send(stop)
        assert running.end() == STOP_CODES[stop]
        if stop != signal.SIGKILL:
            assert "Finished in state Crashed" in running.output
            assert "run again to continue" in running.output
            assert half_files(archive) == []
    with standing.client() as client:
        expected = "RUNNING" if stop == signal.SIGKILL else "CRASHED"
        assert latest_run(client).state.type.value == expected
    assert len(published(archive)) < N_FRAGMENTS
    assert_whole(archive, source)
    rerun("encode", standing, *options)
    assert_complete(archive, source)


def test_killed_decode(job: Job, source: Path, standing: StandingServer, tmp_path: Path) -> None:
    """A decode that is killed half-way leaves whole tables, and is the same in the end."""
    archive, decoded = tmp_path / "archive", tmp_path / "decoded"
    encode(EncodeJob(source=str(source), archive=str(archive), planner={"learn": "never"}))
    options = job(archive=str(archive), decoded=str(decoded))
    with flow_of("decode", standing, *options) as running:
        running.wait_until(lambda: published(decoded))
        running.send(signal.SIGKILL)
        assert running.end() == STOP_CODES[signal.SIGKILL]
    assert 0 < len(published(decoded)) < N_FRAGMENTS
    rerun("decode", standing, *options)
    decode(DecodeJob(archive=str(archive), decoded=str(tmp_path / "peaceful")))
    assert_same_files(decoded, tmp_path / "peaceful")


@pytest.mark.slow
def test_killed_fit(job: Job, standing: StandingServer, tmp_path: Path) -> None:
    """A fit that is killed in training leaves no codec; a re-run resumes and ends with one."""
    small, codec = many_fragments(tmp_path / "small", 3), tmp_path / "codec"
    training = {"epochs": 30, "max_steps": None, "checkpoint_s": 0}
    options = job(source=str(small), codec=str(codec), network={"latent_dim": 2}, training=training)
    with flow_of("fit", standing, *options) as running:
        running.wait_until(lambda: list(codec.rglob("[!.]*.safetensors")))
        running.send(signal.SIGKILL)
        assert running.end() == STOP_CODES[signal.SIGKILL]
    assert not has_json(codec)
    assert "resuming training" in rerun("fit", standing, *options)
    assert has_json(codec)
    assert half_files(codec) == []


def test_temporary_server_outlives_nobody() -> None:
    """The temporary server ends when the process that started it does, even if it was killed."""
    command = [sys.executable, "-m", "flows.runtime.server", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as server:
        assert server.stdin is not None
        server.stdin.close()  # as the kernel does for a process that is killed
        assert server.wait(60) == 1
