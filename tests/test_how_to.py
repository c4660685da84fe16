"""How-to pages: the commands that they show run, one after the other, as typed by a reader."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: Pages whose commands need no server.
PAGES = ("backfill", "refit", "retention")


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_commands_run(page: str, tmp_path: Path) -> None:
    """Every ```sh block of the page runs without an error, in a folder with the sample data."""
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    (tmp_path / "out").mkdir()
    text = (ROOT / f"docs/how-to/{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert blocks
    script = "\n".join(["set -euxo pipefail", *blocks])
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [str(shutil.which("bash")), "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]


def test_every_page_is_listed() -> None:
    """The README leads to each how-to page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs/how-to").glob("*.md"):
        assert f"docs/how-to/{page.name}" in readme
