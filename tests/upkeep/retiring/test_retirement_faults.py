"""Nights that delete sources, struck by faults and starved of memory: no row is lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.data.datasets import mixed_tree
from tests.support.faults.retirement.strikes import FAULTS
from tests.support.jobs.processes import run

pytestmark = pytest.mark.heavy

#: Bytes of address space: some too few to start, some for a part of the work, some for all.
LIMITS = tuple(megabytes << 20 for megabytes in (500, 700, 900, 1100, 1400, 1800))


@pytest.mark.timeout(400)
def test_faults_at_steps_of_a_night(tmp_path: Path) -> None:
    """After any fault each row is still in the source, or the archive decodes it as promised."""
    command = (
        "-m",
        "tests.support.faults.retirement",
        "--runs",
        str(4 * len(FAULTS)),
        "--seed",
        "0",
    )
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(400)
@pytest.mark.parametrize("verb", ["verify", "compress"])
def test_too_little_memory_is_no_damage(verb: str, tmp_path: Path) -> None:
    """At any memory limit no archive file is rejected or noted as damaged; no source is lost."""
    source, archive = mixed_tree(tmp_path / "source"), tmp_path / "archive"
    run("compress", source, archive, "--set", "planner.learn=never")
    before = {path: path.read_bytes() for path in archive.rglob("*.parquet")}
    command = {
        "verify": ("verify", archive, "--source", source),
        "compress": ("compress", source, archive, "--delete-source", "after_verify"),
    }[verb]
    for limit in LIMITS:
        copy = Path(shutil.copytree(source, tmp_path / "copy"))
        done = subprocess.run(
            [sys.executable, "-m", "ae_pipeline.cli", *map(str, command)],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        )
        # The C library has a status of its own for threads that it cannot give their data.
        is_out_of_memory = done.returncode == 127 and "cannot allocate memory" in done.stderr
        assert done.returncode in range(-31, 2) or is_out_of_memory, done.stderr
        assert {path: path.read_bytes() for path in archive.rglob("*.parquet")} == before
        assert not list((archive / "_ae").glob("failed/**/*.json")), (limit, done.stderr)
        assert not list(archive.rglob(".*.rejected")), (limit, done.stderr)
        shutil.rmtree(source)
        copy.rename(source)
        shutil.rmtree(archive / "_ae" / "retired", ignore_errors=True)
