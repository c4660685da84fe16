"""How-to pages: the commands that they show run, one after the other, as typed by a reader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.pages import HOW_TO, ROOT, blocks

#: Pages that need no standing server; `tests/flows/test_deployment.py` runs the others.
PAGES = (
    *(
        "../tutorial",
        "anomaly-scores",
        "backfill",
        "choose-a-tolerance",
        "money-categories-vectors",
        "query",
    ),
    *("readable-columns", "recover", "refit", "report", "retention", "upgrade"),
)


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_commands_run(page: str, tmp_path: Path) -> None:
    """Every block of commands and of Python runs without an error, beside the sample data."""
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    (tmp_path / "out").mkdir()
    commands = blocks(page, "sh")
    assert commands
    script = "\n".join(["set -euxo pipefail", *commands])
    run_script([str(shutil.which("bash")), "-c", script], tmp_path)
    for program in blocks(page, "python"):
        run_script([sys.executable, "-c", program], tmp_path)


def run_script(command: Sequence[str], folder: Path) -> None:
    """Run a program in a folder, where it finds those of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        command,
        cwd=folder,
        env={
            **os.environ,
            "PATH": path,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PREFECT_HOME": str(folder / "prefect"),
            "PYSPARK_PYTHON": sys.executable,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]


#: What the Python blocks of spark-and-ray.md need, in their order.
ENGINES = ("pyspark", "ray", "", "", "pyspark", "ray")


#: Whom the Python blocks of readers.md are about, in their order.
READERS = ("duckdb", "polars", "pandas", "pyspark", "pyarrow")


@pytest.fixture(scope="module")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample data, and what the page's commands make of it."""
    folder = tmp_path_factory.mktemp("engines")
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    (folder / "out").mkdir()
    for command in blocks("spark-and-ray", "sh"):
        run_script([str(shutil.which("bash")), "-euxc", command], folder)
    run_script([sys.executable, "-c", blocks("spark-and-ray", "python")[3]], folder)
    return folder


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(len(ENGINES)))
def test_engines_run(number: int, engine_folder: Path) -> None:
    """Every Python block about Spark, Ray and files runs, on the real engine if it is installed."""
    programs = blocks("spark-and-ray", "python")
    assert len(programs) == len(ENGINES)
    engine = ENGINES[number]
    assert engine in programs[number]
    if engine:
        pytest.importorskip(engine, reason=f"{engine} is not installed, and no extra brings it")
    if engine == "pyspark":
        pytest.importorskip("pandas", reason="mapInArrow needs pandas")
        if shutil.which("java") is None:
            pytest.skip("Spark needs Java")
    run_script([sys.executable, "-c", programs[number]], engine_folder)


@pytest.fixture(scope="module")
def reader_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample data, and the outputs that the page of readers reads."""
    folder = tmp_path_factory.mktemp("readers")
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    (folder / "out").mkdir()
    (commands,) = blocks("readers", "sh")
    run_script([str(shutil.which("bash")), "-euxc", commands], folder)
    return folder


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("number", "reader"), list(enumerate(READERS)))
def test_readers_run(number: int, reader: str, reader_folder: Path) -> None:
    """Every reader of the page reads all three outputs, if it is installed."""
    programs = blocks("readers", "python")
    assert len(programs) == len(READERS)
    assert reader in programs[number]
    pytest.importorskip(reader, reason=f"{reader} is not installed, and no extra brings it")
    if reader == "pyspark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    run_script([sys.executable, "-c", programs[number]], reader_folder)


def test_every_page_is_listed() -> None:
    """The README leads to each how-to page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in HOW_TO.glob("*.md"):
        assert f"docs/how-to/{page.name}" in readme
