"""Staging's share of an encode is measured at a real server, and judged by its median."""

from __future__ import annotations

import sys

import pytest

from benchmarks.stores import staging
from benchmarks.stores.staging import Staged
from tests.support.object_servers.server import ObjectServer


@pytest.mark.heavy
def test_a_run_measures_each_effort(
    seaweedfs_server: ObjectServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command puts files, fetches and encodes them, and prints a verdict."""
    for name, value in seaweedfs_server.environment.items():
        monkeypatch.setenv(name, value)
    options = ["--files", "2", "--megabytes", "0.1", "--repeats", "1", "--effort", "fast"]
    monkeypatch.setattr(sys, "argv", ["staging", f"{seaweedfs_server.uri}/staging", *options])
    code = staging.main()
    output = " ".join(capsys.readouterr().out.split())
    assert "Staging over encoding, at most 8 %" in output
    assert code == int("MISSED" in output)


def test_the_worst_effort_decides() -> None:
    """The share of an effort is the median of its runs; one effort above the limit is a miss."""
    runs = [Staged(0.9, 10.0), Staged(0.7, 10.0), Staged(0.1, 10.0)]
    assert "at most 8 %: met" in staging.staging_table({"small": runs}, 100.0).note
    table = staging.staging_table({"small": runs, "fast": [Staged(0.9, 10.0)]}, 100.0)
    assert "MISSED" in table.note
    assert [row[-1] for row in table.rows] == [7.0, 9.0]
