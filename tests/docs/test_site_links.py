"""The documentation site: it builds without a warning, and has the reference that it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs.command_line import command_page

ROOT = Path(__file__).parents[2]


def test_command_line_page_is_current() -> None:
    """The reference of the command line is what `python -m docs.generate command-line` writes."""
    page = ROOT / "docs/reference/command-line.md"
    assert page.read_text(encoding="utf-8") == command_page()


@pytest.mark.slow
def test_the_site_builds(tmp_path: Path) -> None:
    """Every page builds, every link leads somewhere, and every public function is described."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    build = subprocess.run(
        [*command, "docs", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (build.returncode, build.stderr) == (0, "")
    python = (tmp_path / "site/reference/python.html").read_text(encoding="utf-8")
    for name in ("encode", "fit", "open", "OpenDataset", "page_of", "CorruptFragmentError"):
        assert f">{name}<" in python
    assert (tmp_path / "site/tutorial.zh-CN.html").exists()
    assert (tmp_path / "site/how-to/query.html").exists()
    notebook = (tmp_path / "site/notebooks/archive.html").read_text(encoding="utf-8")
    assert "<img" in notebook
    assert "times smaller" in notebook
