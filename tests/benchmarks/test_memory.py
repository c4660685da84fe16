"""Peak memory over the size of a file: each verb is run, and growth is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import memory
from benchmarks.measure.child import Cost


@pytest.mark.heavy
def test_a_run_measures_each_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints a line for each size and a verdict on each verb, and leaves no file."""
    options = ["--gigabytes", "0.0001", "--workdir", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["memory", *options])
    code = memory.main()
    output = " ".join(capsys.readouterr().out.split())
    assert "0.0001" in output
    assert all(f"{verb} +" in output for verb in ("fit", "encode", "verify", "decode"))
    assert code == int("MISSED" in output)
    assert list(tmp_path.iterdir()) == []


def test_growth_above_the_limit_is_a_miss() -> None:
    """The verdict of a verb goes by its largest peak over that of the smallest file."""
    peaks = {0.25: (100, 100), 0.5: (116, 90), 1.0: (101, 115)}
    costs = {
        size: {"encode": Cost(1.0, 1.0, first), "decode": Cost(1.0, 1.0, second)}
        for size, (first, second) in peaks.items()
    }
    note = memory.memory_table(costs).note
    assert note == "encode +16 %, at most 15 %: MISSED; decode +15 %, at most 15 %: met"
