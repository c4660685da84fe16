"""CPU that a Dask cluster takes: for a whole job beside a local one, and for tasks that do nothing.

    python -m benchmarks.engines.cluster_cost [--files 24] [--megabytes 15] [--tasks 5000]

Encodes the same files by two processes of this machine and by two workers of a cluster, in turns:
CPU-seconds of the client and of the workers, from when the cluster is ready; the local run with all
its starts, as the client with its own. The scheduler is told apart. Then tasks without work: the
CPU-seconds of client and scheduler are the engine's. The exit code is 1 if client and workers take
more than 1.15 times the CPU of the local run, or the engine more than 10 ms for a task.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.table import Table
from benchmarks.engines.cluster import running_cluster
from benchmarks.measure.child import run_verb
from benchmarks.measure.machine import load_line, machine_line
from benchmarks.measure.many_files import ManyFiles, make_files

_WORKERS = 2
_MOST_RATIO, _MOST_TASK_S = 1.15, 0.010
_WARM_UP_TASKS = 100
_TASKS = """
import sys, time
from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.results.progress import silent
from ae_pipeline.work import carry_out, keeping_workers
from benchmarks.engines.cluster import MeasuredCluster
from benchmarks.engines.nothing import Nothing, named_fragments
n_warm_up, n_tasks, *pids = map(int, sys.argv[2:])
cluster = MeasuredCluster(sys.argv[1], *pids)
execution = ExecutionConfig(engine="dask", dask_address=cluster.address)
def carry(n):
    outcome = carry_out(
        Nothing(), named_fragments(n), execution=execution, stage="nothing", progress=silent
    )
    assert len(outcome.results) == n, outcome.failures
def now():
    return time.process_time(), cluster.scheduler_s, cluster.workers_s, time.monotonic()
with keeping_workers():
    carry(n_warm_up)
    before = now()
    carry(n_tasks)
    print(*(later - earlier for later, earlier in zip(now(), before)))
"""


@dataclass(frozen=True)
class JobCost:
    """CPU-seconds of one pair of runs: local, and on a cluster by who spent them."""

    local_s: float
    client_s: float
    workers_s: float
    scheduler_s: float

    @property
    def ratio(self) -> float:
        """Client and workers over the local run."""
        return (self.client_s + self.workers_s) / self.local_s


@dataclass(frozen=True)
class TaskCost:
    """Seconds for one task that does nothing: CPU by who spent it, and wall.

    Args:
        n_led: tasks that the client leads at a time.
    """

    n_led: int
    client_s: float
    scheduler_s: float
    workers_s: float
    wall_s: float

    @property
    def engine_s(self) -> float:
        """CPU of client and scheduler."""
        return self.client_s + self.scheduler_s


def main() -> int:
    """Command line; return 1 if the cluster takes too much."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--megabytes", type=float, default=15.0)
    parser.add_argument("--effort", default="small")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=5000)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 16], help="of each worker")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ae-cluster-") as name:
        folder = Path(name)
        tasks = [measure_tasks(folder, arguments.tasks, n) for n in arguments.threads]
        files = make_files(folder, arguments.files, arguments.megabytes)
        times = range(arguments.pairs)
        jobs = [measure_job(files, folder, arguments.effort) for _ in times]
    tables = job_table(jobs, files), task_table(tasks, arguments.tasks)
    console = Console()
    console.print(machine_line())
    console.print(load_line())
    for table in tables:
        render(table, console)
    return int(any("MISSED" in table.note for table in tables))


def measure_job(files: ManyFiles, folder: Path, effort: str) -> JobCost:
    """Encode the files locally and on a new cluster; the archives are removed."""
    local_s = _encode(files, folder, effort, "execution.engine=processes")
    with running_cluster(folder, _WORKERS) as cluster:
        workers, scheduler = cluster.workers_s, cluster.scheduler_s
        address = f"execution.dask_address={cluster.address}"
        client_s = _encode(files, folder, effort, "execution.engine=dask", address)
        return JobCost(
            local_s, client_s, cluster.workers_s - workers, cluster.scheduler_s - scheduler
        )


def _encode(files: ManyFiles, folder: Path, effort: str, *settings: str) -> float:
    """Return the CPU-seconds of the command and of the processes that it started."""
    archive = folder / "archive"
    words = ["encode", str(files.source), str(archive), "--codec", str(files.codec)]
    words += ["--effort", effort, "--workers", str(_WORKERS)]
    words += [word for setting in settings for word in ("--set", setting)]
    cost = run_verb(words, folder / "log.txt")
    shutil.rmtree(archive)
    return cost.cpu_s


def measure_tasks(folder: Path, n_tasks: int, n_threads: int) -> TaskCost:
    """Carry out tasks without work on a new cluster that is warm."""
    with running_cluster(folder, _WORKERS, n_threads) as cluster:
        numbers = map(str, (_WARM_UP_TASKS, n_tasks, *cluster.pids))
        command = [sys.executable, "-c", _TASKS, cluster.address, *numbers]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    each = (float(one) / n_tasks for one in told.split()[-4:])
    return TaskCost(_WORKERS * n_threads, *each)


def job_table(jobs: Sequence[JobCost], files: ManyFiles) -> Table:
    """Return a table of pairs, with the verdict on their median as its note."""
    ratio = median(job.ratio for job in jobs)
    word = "met" if ratio <= _MOST_RATIO else "MISSED"
    return Table(
        title=f"CPU-seconds to encode {files.n_files} files, {files.raw_mb:,.0f} MB, by two",
        headings=("pair", "processes", "client", "workers", "scheduler", "ratio"),
        rows=tuple(
            (
                str(number),
                *(
                    round(one, 2)
                    for one in (job.local_s, job.client_s, job.workers_s, job.scheduler_s)
                ),
                round(job.ratio, 3),
            )
            for number, job in enumerate(jobs, 1)
        ),
        note=f"Client and workers over processes: {ratio:.2f} (median), "
        f"at most {_MOST_RATIO}: {word}",
    )


def task_table(tasks: Sequence[TaskCost], n_tasks: int) -> Table:
    """Return a table of milliseconds per task, with the verdict on the most as its note."""
    most = max(task.engine_s for task in tasks)
    word = "met" if most <= _MOST_TASK_S else "MISSED"
    return Table(
        title=f"{n_tasks:,} tasks without work: CPU ms for each",
        headings=("led at a time", "client", "scheduler", "engine", "workers", "wall ms"),
        rows=tuple(
            (
                str(task.n_led),
                *(
                    round(1e3 * one, 2)
                    for one in (
                        task.client_s,
                        task.scheduler_s,
                        task.engine_s,
                        task.workers_s,
                        task.wall_s,
                    )
                ),
            )
            for task in tasks
        ),
        note=f"Engine: client and scheduler; at most {1e3 * _MOST_TASK_S:.0f} ms: {word}",
    )


if __name__ == "__main__":
    raise SystemExit(main())
