"""Output that cannot be printed, or that nobody reads, changes nothing of what a verb did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.verbs import encode
from tests.support.datasets import mixed_table, write_tree

CITY = "city=Z\u00fcrich"
ASCII = {"PYTHONIOENCODING": "ascii"}
POSIX = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}
NEVER = ("--set", "planner.learn=never")


def start(*arguments: object, **environment: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own, its output in pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "ae_pipeline.cli", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One city."""
    root = tmp_path_factory.mktemp("terminal")
    return write_tree(root / "source", {f"{CITY}/part-0.parquet": mixed_table(0, 40)})


@pytest.fixture(scope="module")
def archive(source: Path) -> Path:
    """Its archive."""
    archive = source.parent / "archive"
    encode(EncodeJob(source=str(source), archive=str(archive), planner={"learn": "never"}))
    return archive


@pytest.mark.parametrize("environment", [ASCII, POSIX], ids=["ascii", "posix"])
def test_output_in_ascii(source: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """Where the output has ASCII alone, boxes are drawn with it and other characters escaped."""
    process = start("encode", source, tmp_path / "archive", *NEVER, **environment)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert r"city=Z\xfcrich" in output.decode("ascii")
    assert (tmp_path / "archive" / CITY / "part-0.parquet").exists()


def test_failures_in_ascii(tmp_path: Path) -> None:
    """Errors are told, and are the reason for the exit code."""
    (tmp_path / CITY).mkdir()
    (tmp_path / CITY / "part-0.parquet").write_bytes(b"no parquet")
    process = start("inspect", tmp_path, **ASCII)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.decode("ascii").count("\n") == 1
    assert r"Z\xfcrich" in errors.decode("ascii")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Names that are no UTF-8 are told of in one line, whatever the encoding."""
    folder = os.fsencode(tmp_path) + b"/city=\xff"
    os.mkdir(folder)
    process = start("inspect", folder.decode("utf-8", "surrogateescape"))
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith(b"error: ")
    assert errors.count(b"\n") == 1


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("verb", ["inspect", "verify"])
def test_a_reader_that_has_left(archive: Path, verb: str, options: tuple[str, ...]) -> None:
    """A closed pipe ends quietly, with the exit code that the verb has anyway."""
    process = start(verb, archive, *options)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_failures_that_nobody_reads(source: Path, archive: Path, tmp_path: Path) -> None:
    """What failed has failed, whether or not somebody reads of it."""
    process = start("verify", archive, "--source", tmp_path / "nowhere")
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    assert process.wait() == 1


def test_json_is_ascii(archive: Path) -> None:
    """JSON has no other characters; whoever reads it gets the names back."""
    process = start("inspect", archive, "--json", **ASCII)
    output, _ = process.communicate()
    assert process.returncode == 0
    assert json.loads(output.decode("ascii"))["path"] == str(archive)
