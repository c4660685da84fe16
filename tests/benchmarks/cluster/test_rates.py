"""Rates are measured by whole commands, on files that are made or given."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.cluster import rates
from benchmarks.measure.synthetic import write_table


@pytest.mark.heavy
def test_a_run_measures_each_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each effort, verify and decode have a line, and the dataset is left as it was."""
    write_table(tmp_path / "part-0.parquet", 500, 4, 500)
    monkeypatch.setattr(sys, "argv", ["rates", str(tmp_path), "--repeats", "1"])
    rates.main()
    output = capsys.readouterr().out
    lines = ("encode, fast", "encode, balanced", "encode, small", "verify", "decode")
    assert all(f" {line} " in output for line in lines)
    assert [path.name for path in tmp_path.iterdir()] == ["part-0.parquet"]


def test_starts_are_told_apart(tmp_path: Path) -> None:
    """A rate is of the CPU-seconds above a start, in megabytes of the source's files."""
    (tmp_path / "part-0.parquet").write_bytes(bytes(2_000_000))
    run = {"start": 0.5, "encode, small": 1.5, "small bytes": 500_000.0, "decode": 1.0}
    table = rates.rates_table([run], tmp_path)
    assert table.rows == (("encode, small", 1.0, 2.0, 25.0), ("decode", 0.5, 4.0, None))
