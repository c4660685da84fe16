"""A backfill of thousands of fragments as a real process on a standing server, killed half-way."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import encode, verify
from tests.support.servers import StandingServer, standing_server, stop, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.heavy, pytest.mark.timeout(1200)]

N_PARTITIONS, N_FILES = 500, 10
N_FRAGMENTS = N_PARTITIONS * N_FILES


@dataclass(frozen=True)
class Resumed:
    """What is known of two runs, of which the first was killed.

    Args:
        job: of both.
        mtimes: of the fragments that the first run left, by path, in ns.
        logs: of server and runs.
        output: of the second run.
        states: of all runs that the server knows.
    """

    job: EncodeJob
    mtimes: dict[Path, int]
    logs: str
    output: str
    states: list[str]


def many_fragments(root: Path) -> Path:
    """A date-partitioned dataset of tiny files, the files of a partition alike."""
    for number in range(N_PARTITIONS):
        folder = root / f"date={date(2024, 1, 1) + timedelta(days=number)}"
        folder.mkdir(parents=True)
        values = np.random.default_rng(number).normal(size=20)
        content = io.BytesIO()
        pq.write_table(pa.table({"key": range(20), "a": values, "b": 2 * values + 1}), content)
        for file in range(N_FILES):
            (folder / f"part-{file}.parquet").write_bytes(content.getvalue())
    return root


def fitted_codec(source: Path, folder: Path) -> Path:
    """A codec of one partition; it is in use elsewhere, and history is to follow."""
    job = EncodeJob(source=str(source), archive=str(folder), planner={"learn": "linear"})
    (codec,) = encode(job).codec_ids
    return folder / "_ae/codecs" / codec


def start_backfill(server: StandingServer, config: Path, name: str) -> subprocess.Popen[bytes]:
    """Run the flow in a process of its own."""
    return server.start(name, sys.executable, "-m", "flows.backfill", "--config", str(config))


def written(archive: Path) -> dict[Path, int]:
    """Modification times of the fragments that are whole, in ns."""
    return {path: path.stat().st_mtime_ns for path in archive.glob("date=*/part-*.parquet")}


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resumed]:
    """A backfill that was killed when hundreds of fragments were there, and then run again."""
    folder = tmp_path_factory.mktemp("scale")
    source = many_fragments(folder / "source")
    codec = fitted_codec(source / "date=2024-01-01", folder / "other")
    job = {"source": str(source), "archive": str(folder / "archive"), "codec": str(codec)}
    config = folder / "job.yaml"
    config.write_text(yaml.safe_dump(job))
    with standing_server(folder / "server") as server:
        first = start_backfill(server, config, "first")
        wait_for(lambda: len(written(folder / "archive")) > 500, "the first fragments")
        stop(first, signal.SIGKILL)
        left = written(folder / "archive")
        second = start_backfill(server, config, "second")
        assert second.wait(600) == 0, server.log("second")[-2000:]
        with server.client() as client:
            states = sorted(run.state_name or "" for run in client.read_flow_runs())
        logs = "".join(server.log(name) for name in ("server", "first", "second"))
        yield Resumed(EncodeJob(**job), left, logs, server.log("second"), states)


def test_only_the_rest_is_done(resumed: Resumed) -> None:
    """The second run completes, and leaves what the killed one had written as it was."""
    # A killed script cannot tell that it is no longer running.
    assert resumed.states == ["Completed", "Running"], resumed.output[-2000:]
    assert 500 < len(resumed.mtimes) < N_FRAGMENTS
    after = written(Path(str(resumed.job.archive)))
    assert len(after) == N_FRAGMENTS
    assert {path: after[path] for path in resumed.mtimes} == resumed.mtimes


def test_everything_is_current(
    resumed: Resumed, record_property: Callable[[str, object], None]
) -> None:
    """The next plan finds nothing to do among thousands of fragments."""
    started = time.monotonic()
    plan = plan_backfill(resumed.job)
    record_property("planning_seconds", time.monotonic() - started)
    assert [one.state for one in plan.fragments] == ["current"] * N_FRAGMENTS
    assert plan.selected == ()


def test_sample_holds_its_promise(resumed: Resumed) -> None:
    """Partitions from before and after the kill hold every value to its tolerance."""
    selection = {"partitions": ("date=2024-01-01", "date=2024-03-1*", "date=2025-05-0*")}
    job = VerifyJob(
        archive=str(resumed.job.archive), source=resumed.job.source, selection=selection
    )
    report = verify(job)
    assert report.failures == ()
    assert report.total.n_fragments == N_FILES * (1 + 10 + 9)


def test_database_keeps_up(resumed: Resumed) -> None:
    """No process complains of a locked database, and no run's log drowns in lines."""
    assert "database is locked" not in resumed.logs
    assert resumed.output.count(" - encoded ") < 500
