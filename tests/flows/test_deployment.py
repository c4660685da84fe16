"""Deployments on a standing server with a process worker, as `docs/how-to/deploy.md` sets them up.

The server, the worker and the runs are processes of their own, and the browser is a real one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.schemas.objects import FlowRun

from flows.assets import asset_key
from tests.datasets import mixed_tree
from tests.flows.servers import PREFECT, StandingServer, events_of, standing_server, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.heavy, pytest.mark.timeout(900)]

DEPLOYMENTS = ("compress/compress-nightly", "backfill/backfill", "verify/verify-weekly")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingServer]:
    """A server, a pool, a worker, and every deployment of the checkout."""
    with standing_server(tmp_path_factory.mktemp("deployed")) as server:
        made = server.run(PREFECT, "work-pool", "create", "ae-pipeline", "--type", "process")
        assert made.returncode == 0, made.stdout + made.stderr
        deploy = server.run(PREFECT, "--no-prompt", "deploy", "--all")
        assert deploy.returncode == 0, deploy.stdout + deploy.stderr
        server.start("worker", PREFECT, "worker", "start", "--pool", "ae-pipeline")
        yield server


@pytest.fixture(scope="module")
def finished(
    deployed: StandingServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, FlowRun]:
    """Source and archive of a backfill that the worker ran, and its run."""
    folder = tmp_path_factory.mktemp("backfilled")
    source, archive = mixed_tree(folder / "mixed"), folder / "archive"
    job = {"source": str(source), "archive": str(archive), "planner": {"learn": "linear"}}
    watched = run_deployment(deployed, "backfill/backfill", job, "--watch")
    assert watched.returncode == 0, watched.stdout + watched.stderr + deployed.log("worker")
    with deployed.client() as client:
        runs = client.read_flow_runs()
    return source, archive, next(run for run in runs if run.name == "backfill mixed")


def run_deployment(
    server: StandingServer, name: str, job: dict[str, object], *options: str
) -> subprocess.CompletedProcess[str]:
    """Trigger a deployment from the command line."""
    params = json.dumps({"job": job})
    return server.run(PREFECT, "deployment", "run", name, "--params", params, *options)


def test_deployments_say_when_and_how_many(deployed: StandingServer) -> None:
    """All deployments are there: nightly and weekly schedules, one run at a time, strict forms."""
    with deployed.client() as client:
        found = {name: client.read_deployment_by_name(name) for name in DEPLOYMENTS}
    crons = {name: [one.schedule.cron for one in each.schedules] for name, each in found.items()}
    assert crons == {
        "compress/compress-nightly": ["15 2 * * *"],
        "backfill/backfill": [],
        "verify/verify-weekly": ["30 4 * * 0"],
    }
    for deployment in found.values():
        assert deployment.global_concurrency_limit.limit == 1
        assert deployment.concurrency_options.collision_strategy == "ENQUEUE"
        assert deployment.enforce_parameter_schema
        assert deployment.description
        assert "ae-pipeline" in deployment.tags


def test_scheduled_runs_are_planned(deployed: StandingServer) -> None:
    """The server plans the coming runs of what has a schedule."""

    def planned() -> bool:
        with deployed.client() as client:
            ids = {client.read_deployment_by_name(DEPLOYMENTS[i]).id for i in (0, 2)}
            return ids <= {run.deployment_id for run in client.read_flow_runs()}

    wait_for(planned, "scheduled runs")


def test_worker_runs_a_deployment(
    deployed: StandingServer, finished: tuple[Path, Path, FlowRun]
) -> None:
    """A triggered run ends COMPLETED with its files, artifacts and the asset's lineage."""
    source, archive, run = finished
    assert run.state.is_completed()
    assert len(list(archive.rglob("*.parquet"))) == 3
    with deployed.client() as client:
        keys = {artifact.key for artifact in client.read_artifacts()}
        name = "prefect.asset.materialization.succeeded"
        (event,) = events_of(client, name, asset_key(str(archive)))
    assert {"backfill-plan-mixed", "backfill-fragments-mixed", "backfill-mixed"} <= keys
    related = {one.role: one.id for one in event.related}
    assert related["asset"] == asset_key(str(source))
    assert related["flow-run"] == f"prefect.flow-run.{run.id}"
    assert "deployment" in related


def test_log_has_a_line_per_fragment(
    deployed: StandingServer, finished: tuple[Path, Path, FlowRun]
) -> None:
    """The library's own log reaches the run's page."""
    run = finished[2]

    def logged() -> set[str]:
        with deployed.client() as client:
            logs = client.request(
                "POST", "/logs/filter", json={"logs": {"flow_run_id": {"any_": [str(run.id)]}}}
            ).json()
        lines = [one["message"] for one in logs if one["message"].startswith("encoded ")]
        return set(lines) if len(lines) == 3 else set()

    wait_for(logged, "three lines")


def test_second_run_waits_for_the_first(
    deployed: StandingServer, finished: tuple[Path, Path, FlowRun]
) -> None:
    """Two runs of one deployment that are due at once go one after the other; both complete."""
    source, archive, _ = finished
    job = {"source": str(source), "archive": str(archive)}
    for _ in range(2):
        assert run_deployment(deployed, "verify/verify-weekly", job).returncode == 0

    def completed() -> list[FlowRun]:
        with deployed.client() as client:
            runs = [run for run in client.read_flow_runs() if run.name == "verify archive"]
        return runs if len([run for run in runs if run.state.is_completed()]) == 2 else []

    first, second = sorted(wait_for(completed, "both runs"), key=lambda run: run.start_time)
    assert first.end_time <= second.start_time


@pytest.mark.parametrize(
    ("job", "complaint"),
    [
        ({"archive": "a"}, "source"),
        ({"source": "s", "archive": "a", "sorce": "x"}, "sorce"),
        ({"source": "s", "archive": "a", "execution": {"workers": 0}}, "0 is less than"),
    ],
)
def test_invalid_parameters_are_refused(
    deployed: StandingServer, job: dict[str, object], complaint: str
) -> None:
    """What the form does not allow is refused before anything runs, with the field's name."""
    refused = run_deployment(deployed, "backfill/backfill", job)
    assert refused.returncode == 1
    assert "Validation failed" in refused.stdout + refused.stderr
    assert complaint in refused.stdout + refused.stderr


def test_automations_are_accepted(deployed: StandingServer) -> None:
    """The server takes the automations of the checkout as they are."""
    made = deployed.run(PREFECT, "automation", "create", "--from-file", "automations.yaml")
    assert made.returncode == 0, made.stdout + made.stderr
    listed = deployed.run(PREFECT, "automation", "ls").stdout
    assert "crash-silent-runs" in listed
    assert "pause-on-drift" in listed


@pytest.mark.parametrize("page", ["run", "artifact"])
def test_pages_open_in_a_browser(
    deployed: StandingServer,
    finished: tuple[Path, Path, FlowRun],
    page: str,
    tmp_path: Path,
) -> None:
    """The run's page and its artifact's show in a browser what the run did."""
    run = finished[2]
    with deployed.client() as client:
        artifact = next(one for one in client.read_artifacts() if one.key == "backfill-mixed")
    path, expected = {
        "run": (f"runs/flow-run/{run.id}", ["backfill mixed", "Completed", "backfill"]),
        "artifact": (f"artifacts/artifact/{artifact.id}", ["backfill-mixed", "day=10"]),
    }[page]
    shown = dump_page(deployed, f"{deployed.url}/{path}", tmp_path)
    assert [text for text in expected if text not in shown] == []


def dump_page(server: StandingServer, url: str, profile: Path) -> str:
    """The page as the browser has built it."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("chromium is not on this machine")
    flags = (
        "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
        "--disable-background-networking --disable-component-update --virtual-time-budget=20000"
    )
    opened = server.run(browser, *flags.split(), f"--user-data-dir={profile}", "--dump-dom", url)
    assert opened.returncode == 0, opened.stderr
    return opened.stdout
