"""A cluster's cost is measured on a real one, and judged by medians."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.engines import cluster_cost
from benchmarks.engines.cluster_cost import JobCost, TaskCost
from benchmarks.measure.many_files import ManyFiles

FILES = ManyFiles(Path("source"), Path("codec"), 2, 2_000_000)


@pytest.mark.heavy
def test_a_run_measures_jobs_and_tasks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command encodes by processes and on a cluster, carries out tasks, and judges both."""
    options = ["--files", "2", "--megabytes", "0.1", "--effort", "fast", "--pairs", "1"]
    options += ["--tasks", "20", "--threads", "1"]
    monkeypatch.setattr(sys, "argv", ["cluster_cost", *options])
    code = cluster_cost.main()
    output = " ".join(capsys.readouterr().out.split())
    assert "Client and workers over processes" in output
    assert "20 tasks without work" in output
    assert code == int("MISSED" in output)


def test_a_job_is_judged_by_the_median_of_its_pairs() -> None:
    """The scheduler does not count, and one slow pair of three does not either."""
    jobs = [JobCost(10.0, 1.0, workers, 9.0) for workers in (10.0, 10.5, 15.0)]
    table = cluster_cost.job_table(jobs, FILES)
    assert table.note.endswith("1.15 (median), at most 1.15: met")
    assert "MISSED" in cluster_cost.job_table(jobs[1:], FILES).note


def test_a_task_is_judged_by_client_and_scheduler() -> None:
    """The engine's CPU is that of client and scheduler, not that of workers."""
    cheap = TaskCost(2, client_s=0.004, scheduler_s=0.006, workers_s=1.0, wall_s=1.0)
    dear = TaskCost(32, client_s=0.005, scheduler_s=0.006, workers_s=0.0, wall_s=0.0)
    assert "met" in cluster_cost.task_table([cheap], 100).note
    assert "MISSED" in cluster_cost.task_table([cheap, dear], 100).note
