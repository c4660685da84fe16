"""Documents: what they say is so, and what they show runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ae_pipeline.cli.app import app
from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.load import load_job
from ae_pipeline.format_version import FORMAT_VERSION
from docs.generate import (
    DRAWING,
    SCALING,
    architecture_drawing,
    readme_table,
    scaling_costs,
    scaling_nights,
    settings_page,
)

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_settings_page_is_current() -> None:
    """docs/settings.md is what `python -m docs.generate settings` writes."""
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == settings_page()


def test_drawing_is_current() -> None:
    """The drawing of the architecture is what `python -m docs.generate architecture` writes."""
    assert DRAWING.read_text(encoding="utf-8") == architecture_drawing()


def test_costs_of_scale_are_current() -> None:
    """A terabyte's costs in docs/scaling.md are what `python -m docs.generate scaling` writes."""
    assert scaling_costs() == _section(SCALING, "costs")


@pytest.mark.heavy
def test_nights_of_scale_are_current() -> None:
    """The simulated nights of docs/scaling.md come out again."""
    assert scaling_nights() == _section(SCALING, "nights")


def _section(page: Path, name: str) -> str:
    """Return what stands between the markers of a section."""
    text = page.read_text(encoding="utf-8")
    (found,) = re.findall(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
    return str(found)


def test_readme_shows_measured_figures() -> None:
    """The table of the README is that of whole tables in docs/benchmarks.md."""
    (table,) = re.findall(r"<!-- tables -->\n(.*?)\n?<!-- /tables -->", README, re.DOTALL)
    assert table == readme_table()
    assert "MISSED" not in README


def test_every_verb_is_in_the_readme() -> None:
    """The README shows each verb of the command line."""
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    reading = {"compare", "estimate", "verify", "decode", "init", "inspect", "report"}
    rows = {"query", "head", "cat"}
    writing = {"fit", "features", "encode", "backfill", "compress", "gc"}
    assert names == {"run", *reading, *rows, *writing}
    assert all(f"ae-pipeline {name}" in README for name in names)


def test_readme_job_file_is_valid(tmp_path: Path) -> None:
    """The job file in the README is one."""
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "job.yaml"
    path.write_text(block, encoding="utf-8")
    assert load_job(JobConfig, str(path)).network.latent_dim == 8


def test_format_versions_are_specified() -> None:
    """docs/format.md has a row for the version that is written."""
    text = (ROOT / "docs/format.md").read_text(encoding="utf-8")
    assert f"\n| {FORMAT_VERSION} |" in text


def test_links_lead_somewhere() -> None:
    """Relative links in the README and in docs point at files that exist."""
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("name", ["gas_turbine", "cms_dimuon"])
def test_sample_data_is_as_described(name: str) -> None:
    """The sample data's README states the rows and columns that the files have."""
    text = (ROOT / "sample_data/README.md").read_text(encoding="utf-8")
    files = sorted((ROOT / "sample_data" / name).rglob("*.parquet"))
    n_rows = sum(pq.read_metadata(file).num_rows for file in files)
    assert f"| `{name}` | {n_rows:,} |" in text
    assert all(f"`{column}`" in text for column in pq.read_schema(files[0]).names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder but for the sample data."""
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    return tmp_path


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints that finds the programs of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_readme_session_runs(folder: Path) -> None:
    """The commands of the README's session run as they stand, one after the other."""
    commands = re.findall(r"^    \$ (.*)$", README, re.MULTILINE)
    assert len(commands) == 12
    printed = [run(shlex.split(command), folder) for command in commands]
    assert "latent" in printed[-1]


@pytest.mark.slow
def test_readme_python_runs(folder: Path) -> None:
    """The Python of the README runs, and decodes what it has encoded."""
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    run([sys.executable, "-c", program], folder)
    assert len(list((folder / "out/decoded").rglob("*.parquet"))) == 5
