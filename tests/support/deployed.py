"""A checkout that is deployed with the commands of `docs/how-to/deploy.md`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from tests.support.pages import ROOT, blocks
from tests.support.servers import BASH, PREFECT, StandingServer, standing_server, wait_for

_COPIED = ("flows", "sample_data", "prefect.yaml", "automations.yaml")


def copy_checkout(folder: Path, most_rows: int | None = None) -> Path:
    """What deployments need, and the page's own dataset among them; sample data may be cut."""
    for name in _COPIED:
        path = ROOT / name
        copy = shutil.copytree if path.is_dir() else shutil.copy
        folder.mkdir(exist_ok=True)
        copy(path, folder / name)
    with (folder / "prefect.yaml").open("a", encoding="utf-8") as deployments:
        deployments.write("\n".join(blocks("deploy", "yaml")))
    for path in (folder / "sample_data").rglob("*.parquet") if most_rows else ():
        pq.write_table(pq.ParquetFile(path).read()[:most_rows], path)
    return folder


@contextmanager
def deployed_server(folder: Path, most_rows: int | None = None) -> Iterator[StandingServer]:
    """A server, a pool, a worker, and every deployment, as the first two blocks of the page say."""
    serve, work, *_ = blocks("deploy", "sh")
    checkout = copy_checkout(folder / "checkout", most_rows)
    with standing_server(folder, checkout, serve) as server:
        worker = server.start("worker", BASH, "-euxc", work)
        wait_for(lambda: "started!" in server.log("worker") or worker.poll(), "the worker")
        assert worker.poll() is None, server.log("worker")
        yield server


def run_deployment(
    server: StandingServer, name: str, job: dict[str, object], *options: str
) -> subprocess.CompletedProcess[str]:
    """Trigger a deployment from the command line."""
    params = json.dumps({"job": job})
    return server.run(PREFECT, "deployment", "run", name, "--params", params, *options)
