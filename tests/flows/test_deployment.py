"""Deployments on a standing server with a process worker, as `docs/how-to/deploy.md` sets them up.

The server, the worker and the runs are processes of their own, and the browser is a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.schemas.objects import FlowRun

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.verbs import encode
from flows.pages.artifacts import artifact_key
from flows.pages.assets import asset_key
from tests.support.data.datasets import mixed_tree
from tests.support.flows.artifacts import all_artifacts
from tests.support.flows.browser import SIZE, dump_page, find_browser, png_size, take_picture
from tests.support.flows.deployed import deployed_server, run_deployment
from tests.support.flows.servers import BASH, StandingServer, events_of, wait_for
from tests.support.jobs.processes import published
from tests.support.pages import blocks, session

pytestmark = [pytest.mark.flow, pytest.mark.heavy, pytest.mark.timeout(900)]

DEPLOYMENTS = ("compress/compress-nightly", "backfill/backfill", "verify/verify-weekly")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingServer]:
    """A server, a pool, a worker, and every deployment of the checkout."""
    with deployed_server(tmp_path_factory.mktemp("deployed"), most_rows=300) as server:
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
        keys = {artifact.key for artifact in all_artifacts(client)}
        name = "prefect.asset.materialization.succeeded"
        (event,) = events_of(client, name, asset_key(str(archive)))
    kinds = ("backfill-plan", "backfill-fragments", "backfill")
    assert {artifact_key(kind, str(source)) for kind in kinds} <= keys
    related = {one.role: one.id for one in event.related}
    assert related["asset"] == asset_key(str(source))
    assert related["flow-run"] == f"prefect.flow-run.{run.id}"
    assert "deployment" in related


def lines_of(server: StandingServer, run: FlowRun, last: str) -> list[str]:
    """The run's log, once the line that starts with `last` is there; nothing before."""
    chosen = {"logs": {"flow_run_id": {"any_": [str(run.id)]}}, "sort": "TIMESTAMP_ASC"}
    with server.client() as client:
        logs = client.request("POST", "/logs/filter", json=chosen).json()
    lines = [one["message"] for one in logs]
    return lines if any(line.startswith(last) for line in lines) else []


def test_log_has_a_line_per_fragment_and_a_summary(
    deployed: StandingServer, finished: tuple[Path, Path, FlowRun]
) -> None:
    """The library's own log reaches the run's page; the numbers end it, and are the state's."""
    run = finished[2]
    lines = wait_for(lambda: lines_of(deployed, run, "Finished in state"), "its end")
    assert len([line for line in lines if line.startswith("encoded ")]) == 3
    assert f"summary: {run.state.message}" in lines[-3:]
    assert "written=3 current=0 failed=0 rows=900" in run.state.message


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


@pytest.mark.parametrize("page", ["deploy", "schedule"])
def test_commands_run(deployed: StandingServer, page: str) -> None:
    """Every command of the page runs; the server was started by the page's own first ones."""
    n_started = 2 if page == "deploy" else 0
    commands = blocks(page, "sh")[n_started:]
    assert commands
    script = "\n".join(["set -euxo pipefail", *commands])
    run = deployed.run(BASH, "-c", script)
    assert run.returncode == 0, run.stdout + run.stderr
    if page == "deploy":
        assert len(published(deployed.checkout / "out/deployed/archive")) == 5
    else:
        assert "crash-silent-runs" in run.stdout
        assert_schedule_page_worked(deployed)


def assert_schedule_page_worked(server: StandingServer) -> None:
    """There is a second schedule, and one automation is on, the other off again."""
    with server.client() as client:
        schedules = client.read_deployment_by_name(DEPLOYMENTS[0]).schedules
        automations = client.request("POST", "/automations/filter", json={}).json()
    assert sorted(one.schedule.cron for one in schedules) == ["0 6 * * 1-5", "15 2 * * *"]
    assert all(one.active for one in schedules)
    assert {one["name"]: one["enabled"] for one in automations} == {
        "crash-silent-runs": True,
        "pause-on-drift": False,
    }


def test_refused_parameters_are_as_shown(deployed: StandingServer) -> None:
    """The page shows the complaint that its wrong command gets."""
    command, output = session("deploy")
    refused = deployed.run(BASH, "-c", command)
    assert refused.returncode == 1
    assert " ".join(output.split()) in " ".join((refused.stdout + refused.stderr).split())


def test_errors_are_one_line(deployed: StandingServer, tmp_path: Path) -> None:
    """A wrong setting and broken fragments end a worker's run Failed, without a traceback."""
    source, archive = mixed_tree(tmp_path / "damaged"), tmp_path / "archive"
    job = {"source": str(source), "archive": str(archive)}
    encode(EncodeJob(**job, planner={"learn": "never"}))
    for file in published(archive):
        file.unlink()
    path = source / "day=2/part-0.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(400) + content[404:])
    jobs: dict[str, dict[str, object]] = {
        "1 of 3 fragments failed": {**job},
        "not a date": {**job, "backfill": {"start": "May"}},
    }
    for message, each in jobs.items():
        failed = run_deployment(deployed, "backfill/backfill", each, "--watch")
        assert failed.returncode == 1
        with deployed.client() as client:
            runs = [run for run in client.read_flow_runs() if run.name == "backfill damaged"]
        run = max(runs, key=lambda run: run.start_time)
        assert run.state.is_failed()
        assert run.state.message.startswith(message)
        lines = wait_for(lambda run=run: lines_of(deployed, run, "Finished in state"), "its end")
        assert [line for line in lines if "Traceback" in line or "unexpected" in line] == []
    assert "Traceback" not in deployed.log("worker")


@pytest.mark.parametrize("page", ["run", "artifact"])
@pytest.mark.skipif(find_browser() is None, reason="Chromium is not on this machine")
def test_pages_open_in_a_browser(
    deployed: StandingServer,
    finished: tuple[Path, Path, FlowRun],
    page: str,
    tmp_path: Path,
) -> None:
    """The run's page and its artifact's show in a browser what the run did, and make a picture."""
    source, _, run = finished
    key = artifact_key("backfill", str(source))
    with deployed.client() as client:
        artifact = next(one for one in all_artifacts(client) if one.key == key)
    path, expected = {
        "run": (f"runs/flow-run/{run.id}", ["backfill mixed", "Completed", "backfill"]),
        "artifact": (f"artifacts/artifact/{artifact.id}", [key, "day=10"]),
    }[page]
    shown = dump_page(f"{deployed.url}/{path}")
    assert [text for text in expected if text not in shown] == []
    picture = tmp_path / "page.png"
    take_picture(f"{deployed.url}/{path}", picture)
    assert png_size(picture) == SIZE
