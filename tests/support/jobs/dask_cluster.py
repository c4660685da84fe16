"""Dask's own commands: a scheduler, and workers of this machine or of one that shares no disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running(*words: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """One of Dask's own commands, behind others; it ends with the context."""
    command = [*before, sys.executable, "-m", "dask", *words, "--no-dashboard"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def listening(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A scheduler, and its address."""
    file = folder / "scheduler.json"
    words = ("--port", "0", "--host", "127.0.0.1", "--scheduler-file", str(file))
    with running("scheduler", *words) as process:
        while not file.exists() or not file.read_text().endswith("}"):
            assert process.poll() is None
        yield process, json.loads(file.read_text())["address"]


def without(folder: Path) -> tuple[str, ...]:
    """A command before another one, to which the folder is empty and its own."""
    unshare = shutil.which("unshare")
    mounting = f"mount -t tmpfs none '{folder}' && exec \"$@\""
    command = (str(unshare), "--mount", "sh", "-c", mounting, "sh")
    if unshare is None or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("mounting a disk of its own is not permitted here")
    return command
