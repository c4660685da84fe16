"""The gain of a second process is measured by whole commands, and judged."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.engines import processes
from benchmarks.measure.child import Cost
from benchmarks.measure.many_files import ManyFiles


@pytest.mark.heavy
def test_a_run_measures_each_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints a line for each way, the load of the machine, and a verdict."""
    options = ["--files", "2", "--megabytes", "0.1", "--effort", "fast", "--repeats", "1"]
    monkeypatch.setattr(sys, "argv", ["processes", *options])
    code = processes.main()
    output = capsys.readouterr().out
    assert "before: load average" in output
    assert all(way in output for way in ("one process", "two processes", "two threads"))
    assert code == int("MISSED" in output)


def test_two_processes_are_judged_by_wall_time() -> None:
    """1.7 times as fast is met, whatever the CPU; less is a miss."""
    files = ManyFiles(Path("source"), Path("codec"), 2, 2_000_000)
    for wall_s, word in ((10.0, "1.70, at least 1.7: met"), (10.1, "MISSED")):
        costs = {
            "one process": Cost(16.0, 17.0, 0),
            "two processes": Cost(18.0, wall_s, 0),
            "two threads": Cost(17.0, 12.0, 0),
        }
        assert word in processes.processes_table(costs, files).note
