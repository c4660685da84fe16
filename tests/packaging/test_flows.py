"""The flows where the wheel is installed, in a project that has `flows` of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ae_pipeline.cli.run import Flow
from tests.support.environments import Environment
from tests.support.golden_archives import GOLDEN
from tests.support.pages import ROOT

pytestmark = [pytest.mark.heavy, pytest.mark.flow]

ENTRYPOINTS = [
    one["entrypoint"]
    for one in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
]
#: Loads what Prefect is given, as `prefect deploy` and a worker do.
LOAD = """
import sys
from prefect.flows import load_flow_from_entrypoint
for entrypoint in sys.argv[1:]:
    print(load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False).name)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an archive, a job, and somebody's own package `flows`."""
    shutil.copytree(GOLDEN / "archive-3.0/network/dataset", tmp_path / "archive")
    (tmp_path / "job.yaml").write_text("archive: archive\n", encoding="utf-8")
    own = tmp_path / "flows"
    own.mkdir()
    (own / "__init__.py").write_text("raise ImportError('not yours')\n", encoding="utf-8")
    return tmp_path


def test_command_without_prefect(commanded: Environment, project: Path) -> None:
    """Without Prefect `run` says in one line what to install, and the other verbs work."""
    done = commanded.run(commanded.command, "run", "verify", "--config", "job.yaml", cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert " ".join(done.stderr.split()) == (
        "error: ae-pipeline run needs packages that are not installed: prefect: "
        'pip install "ae-pipeline[flows]"'
    )
    done = commanded.run(commanded.command, "verify", "archive", cwd=project)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", [False, True], ids=["installed", "module"])
def test_runs_beside_flows_of_its_own(
    module: bool, orchestrated: Environment, project: Path
) -> None:
    """`ae-pipeline run` starts our flow, whatever else is called `flows` there."""
    command = ("bin/python", "-m", "ae_pipeline.cli") if module else ("bin/ae-pipeline",)
    home = ("env", f"PREFECT_HOME={project / 'home'}", orchestrated.root / command[0])
    done = orchestrated.run(
        *home, *command[1:], "run", "verify", "--config", "job.yaml", cwd=project
    )
    assert done.returncode == 0, done.stderr
    assert "archive  archive" in done.stdout
    assert "Completed" in done.stderr or "summary: fragments=2" in done.stderr


def test_entrypoints_load_in_a_wheel(orchestrated: Environment, project: Path) -> None:
    """The entrypoints of prefect.yaml are found where the wheel is installed."""
    done = orchestrated.python("-c", LOAD, *ENTRYPOINTS, cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["compress", "backfill", "verify"]


@pytest.mark.parametrize("form", ["ae_pipeline_flows.{0}.{0}", "flows/{0}.py:{0}"])
def test_entrypoints_load_in_a_checkout(form: str) -> None:
    """In a checkout they are found, too, and so are files, which older deployments name."""
    assert set(ENTRYPOINTS) < {f"ae_pipeline_flows.{name}.{name}" for name in Flow}
    entrypoints = [form.format(name) for name in Flow]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOAD, *entrypoints],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [name.replace("_", "-") for name in Flow]
