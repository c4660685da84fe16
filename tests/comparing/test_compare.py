"""Formats on a sample: every one holds the same rows, and all of it is counted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import ae_pipeline
from ae_pipeline.comparing.peers import PEERS
from ae_pipeline.errors import AePipelineError
from ae_pipeline.report import present
from tests.support.data.datasets import mixed_table
from tests.support.data.orders import orders_table

QUICK = {"planner__learn": "never", "planner__budget_s": 5.0}


def test_exact_and_rounded(source: Path) -> None:
    """Formats come the smallest first, with the archive among them, exactly and rounded."""
    found = ae_pipeline.compare(source, tolerance=0.01, tolerance__accept_flattened=True, **QUICK)
    sizes = [one.n_bytes for one in found.formats]
    assert sizes == sorted(sizes)
    assert (found.n_rows, found.n_sampled) == (900, 900)
    (ours,) = [one for one in found.formats if one.is_ours]
    assert not ours.is_exact
    names = [one.name for one in found.formats]
    assert {"the files as they are", "Parquet, zstd", "Parquet, zstd, rounded"} <= set(names)
    shown = present(found)
    assert "floats within the tolerance" in shown.headline()
    assert len(shown.tables()[0].rows) == len(names)


def test_what_is_exact_is_not_rounded() -> None:
    """Rows without floats come back bit for bit, and so no format is measured twice."""
    found = ae_pipeline.compare(orders_table(0, 500), **QUICK)
    assert all(one.is_exact for one in found.formats)
    assert [one.name for one in found.formats if "rounded" in one.name] == []
    exact = ae_pipeline.compare(mixed_table(0, 200).select(["beta", "key"]), tolerance=0.0, **QUICK)
    assert all(one.is_exact for one in exact.formats)


def test_a_sample_of_many_rows() -> None:
    """A sample has about as many rows as are asked for."""
    found = ae_pipeline.compare(orders_table(0, 3000), rows=500, **QUICK)
    assert (found.n_rows, found.n_sampled) == (3000, 500)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_hold_the_rows(peer: object, tmp_path: Path) -> None:
    """What a peer writes can be read; nulls and every number are in it."""
    table = orders_table(1, 200)
    peer.write(table, tmp_path / "file")  # type: ignore[attr-defined]
    found = peer.read(tmp_path / "file")  # type: ignore[attr-defined]
    if isinstance(found, pa.Table):
        assert found.select(["id", "tip"]).equals(table.select(["id", "tip"]))
    else:
        numbers, rest = found
        assert numbers[0].tolist() == table["id"].to_pylist()
        assert rest["tip"].to_pylist() == [tip is not None for tip in table["tip"].to_pylist()]
        assert rest["city"].equals(table["city"])


def test_on_the_command_line(source: Path, tmp_path: Path) -> None:
    """`compare --json` has every format; a source that is not there is one line."""
    command = [sys.executable, "-m", "ae_pipeline", "compare"]
    options = ["--set", "planner.learn=never", "--tolerance", "0", "--rows", "300", "--json"]
    done = subprocess.run(
        [*command, str(source), *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    tree = json.loads(done.stdout)
    assert tree["ok"]
    assert [one["name"] for one in tree["formats"] if one["is_ours"]] == ["ae-pipeline"]
    with pytest.raises(AePipelineError):
        ae_pipeline.compare(tmp_path / "nope")
