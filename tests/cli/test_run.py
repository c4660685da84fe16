"""`ae-pipeline init` and `run`: one drafts a job file, the other starts a flow with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ae_pipeline.cli.run import Flow
from tests.support.data.datasets import mixed_tree
from tests.support.jobs.command_line import Call
from tests.support.pages import ROOT

#: Nothing listens there.
CLOSED = "http://user:secret@127.0.0.1:9/api"


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with a server that does not answer."""
    command = [sys.executable, "-m", "ae_pipeline.cli", "run", *map(str, arguments)]
    environment = {"PREFECT_API_URL": CLOSED, "PREFECT_HOME": str(folder / "home")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_names_are_those_of_the_modules() -> None:
    """Every module of the flows that is a program has a name, and no name is without one."""
    files = (ROOT / "flows").glob("*.py")
    programs = {one.stem for one in files if "__main__" in one.read_text(encoding="utf-8")}
    assert programs == set(Flow)


def test_unknown_name_is_refused(tmp_path: Path) -> None:
    """A flow that is not there is an error of usage, which lists those that are."""
    done = run("collect", "--config", "job.yaml", folder=tmp_path)
    assert done.returncode == 2
    assert all(name in done.stderr for name in Flow)


@pytest.mark.parametrize(
    ("job", "setting", "message"),
    [
        ("archive: a", "sauce=x", "error: "),
        ("archive: a", "execution.workers=1", "error: Prefect's server cannot be used: "),
    ],
    ids=["job", "server"],
)
def test_ends_in_one_line(job: str, setting: str, message: str, tmp_path: Path) -> None:
    """A wrong job and a server that does not answer are one line, exit code 1, no password."""
    (tmp_path / "job.yaml").write_text(f"{job}\n", encoding="utf-8")
    done = run("verify", "--config", "job.yaml", "--set", setting, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)
    assert "secret" not in line


def test_init_never_overwrites(tmp_path: Path, call: Call) -> None:
    """Init writes a job file that the next command reads, and leaves a file that exists alone."""
    source = mixed_tree(tmp_path / "source")
    job = tmp_path / "job.yaml"
    code, out, err = call("init", source, "--out", job)
    assert code == 0, err
    assert out == f"Wrote {job}\nNext: ae-pipeline encode --config {job}\n"
    text = job.read_text(encoding="utf-8")
    code, out, err = call("init", source, "--out", job)
    assert (code, out) == (1, "")
    assert "a file is there already" in err
    assert job.read_text(encoding="utf-8") == text
    quick = ("--set", "planner.learn=never", "--set", f"archive={tmp_path / 'a'}", "--budget", 1)
    code, _, err = call("encode", "--config", job, *quick, "--quiet")
    assert (code, err) == (0, "")
