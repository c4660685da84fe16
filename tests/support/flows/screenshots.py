"""Renew the pictures of the how-to pages from a real server, worker and browser.

Run it: `python -m tests.support.flows.screenshots docs/images`. It needs Chromium.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from prefect.client.schemas.objects import FlowRun

from flows.pages.artifacts import artifact_key
from tests.support.flows.artifacts import all_artifacts
from tests.support.flows.browser import take_picture
from tests.support.flows.deployed import deployed_server, run_deployment
from tests.support.flows.servers import StandingServer
from tests.support.pages import ROOT

_SAMPLE = ROOT / "sample_data/gas_turbine"
_FORMER, _NEW = ("year=2011", "year=2012", "year=2013"), ("year=2014", "year=2015")


def main(images: Path) -> None:
    """Two nights of compress, the second with data that shifted: its run and its artifact."""
    with tempfile.TemporaryDirectory() as name, deployed_server(Path(name)) as server:
        for years in (_FORMER, _NEW):
            for year in years:
                shutil.copytree(_SAMPLE / year, server.checkout / "out/plant/gas_turbine" / year)
            run = _night(server)
        pages = {
            "run-page.png": f"runs/flow-run/{run.id}",
            "compress-artifact.png": f"artifacts/artifact/{_artifact(server)}",
        }
        for file, page in pages.items():
            take_picture(f"{server.url}/{page}", images.resolve() / file)


def _night(server: StandingServer) -> FlowRun:
    job = {"source": "out/plant/gas_turbine", "archive": "out/plant/archive"}
    watched = run_deployment(server, "compress/compress-nightly", dict(job), "--watch")
    assert watched.returncode == 0, watched.stdout + watched.stderr
    with server.client() as client:
        runs = [run for run in client.read_flow_runs() if run.start_time]
    return max(runs, key=lambda run: run.start_time)


def _artifact(server: StandingServer) -> str:
    key = artifact_key("compress", str(server.checkout / "out/plant/gas_turbine"))
    with server.client() as client:
        found = [one for one in all_artifacts(client) if one.key == key]
    return str(max(found, key=lambda one: one.created).id)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
