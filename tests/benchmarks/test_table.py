"""The command compares whole tables and prints what it found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks import table
from benchmarks.tables.generated import GENERATED


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Return a folder with a small table."""
    root = tmp_path / "small"
    root.mkdir()
    made = GENERATED["keys"](np.random.default_rng(0), 300)
    pq.write_table(made.table, root / "rows.parquet")
    return root


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Return the exit code of the command."""
    monkeypatch.setattr(sys, "argv", ["table", *arguments])
    with pytest.raises(SystemExit) as stop:
        table.main()
    return int(stop.value.code or 0)


def test_a_dataset_is_compared(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours and the peers are printed in 80 columns, and all figures land in the file."""
    file = dataset.parent / "figures.json"
    arguments = ["--peers", "best Parquet", "--columns", "--json", str(file)]
    code = _run(monkeypatch, str(dataset), *arguments)
    output = capsys.readouterr().out
    assert all(len(line) <= 80 for line in output.splitlines())
    assert "every value kept" in output
    (found,) = json.loads(file.read_text(encoding="utf-8"))["comparisons"]
    assert [peer["name"] for peer in found["peers"]] == ["source files", "best Parquet"]
    (ours,) = found["archives"]
    least = min(peer["n_bytes"] for peer in found["peers"])
    assert code == int(ours["n_bytes"] > least)


def test_a_missing_dataset_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without Parquet files is named, and the exit code is 1."""
    assert _run(monkeypatch, str(tmp_path)) == 1
    assert "no Parquet file" in " ".join(capsys.readouterr().out.split())
