"""A Dask cluster of its own, whose CPU time is known to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from distributed import Client

_ROOT = Path(__file__).parents[2]
_START_S = 60


class MeasuredCluster:
    """A scheduler, and workers with their nannies.

    Args:
        address: of the scheduler.
        scheduler: its process.
        workers: the process that holds all workers.
    """

    def __init__(self, address: str, scheduler: int, workers: int) -> None:
        self.address, self.pids = address, (scheduler, workers)
        self._scheduler, self._workers = psutil.Process(scheduler), psutil.Process(workers)

    @property
    def scheduler_s(self) -> float:
        """CPU-seconds of the scheduler up to now."""
        return _cpu_s(self._scheduler)

    @property
    def workers_s(self) -> float:
        """CPU-seconds of workers and nannies up to now."""
        return sum(map(_cpu_s, (self._workers, *self._workers.children(recursive=True))))


@contextmanager
def running_cluster(folder: Path, n_workers: int, n_threads: int = 1) -> Iterator[MeasuredCluster]:
    """Run a cluster on loopback while the context is open, by Dask's own commands.

    Args:
        folder: for its files.
        n_workers: processes that work.
        n_threads: of each.
    """
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    scheduling = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    with _running(*scheduling) as scheduler:
        address = _address(scheduler, file)
        numbers = ("--nworkers", str(n_workers), "--nthreads", str(n_threads))
        place = ("--local-directory", str(folder / "dask"))
        with _running("worker", address, *numbers, *place) as workers:
            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(n_workers, timeout=_START_S)
            yield MeasuredCluster(address, scheduler.pid, workers.pid)


@contextmanager
def _running(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _address(scheduler: subprocess.Popen[bytes], file: Path) -> str:
    """Return the scheduler's address, as soon as it has written all of it."""
    while not (file.exists() and file.read_text().endswith("}")):
        if scheduler.poll() is not None:
            raise RuntimeError(f"Dask's scheduler ended with {scheduler.returncode}")
    return str(json.loads(file.read_text())["address"])


def _cpu_s(process: psutil.Process) -> float:
    """Return the CPU-seconds of a process, and of its children that have ended."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
