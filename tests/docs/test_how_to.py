"""How-to pages: the commands that they show run, one after the other, as typed by a reader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import HOW_TO, ROOT, blocks

#: Pages that need no standing server; `tests/flows/test_deployment.py` runs the others.
PAGES = ("backfill", "readable-columns", "refit", "retention")


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_commands_run(page: str, tmp_path: Path) -> None:
    """Every ```sh block of the page runs without an error, in a folder with the sample data."""
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    (tmp_path / "out").mkdir()
    commands = blocks(page, "sh")
    assert commands
    script = "\n".join(["set -euxo pipefail", *commands])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [str(shutil.which("bash")), "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": path,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PREFECT_HOME": str(tmp_path / "prefect"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]


def test_every_page_is_listed() -> None:
    """The README leads to each how-to page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in HOW_TO.glob("*.md"):
        assert f"docs/how-to/{page.name}" in readme
