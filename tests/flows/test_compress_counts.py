"""Nights do what their dry runs told, and count each fragment once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ae_pipeline.config.job import CompressJob
from flows.compress import compress

pytestmark = pytest.mark.flow


def job_for(folder: Path, **settings: object) -> CompressJob:
    """A night that lets go of what it has verified, quick to fit."""
    return CompressJob(
        source=str(folder / "source"),
        archive=str(folder / "archive"),
        **{
            "planner": {"learn": "linear"},
            "execution": {"retries": 0, "fragments_per_task": 2},
            "retention": {"delete_source": "after_verify"},
            **settings,
        },
    )


def test_a_night_does_what_its_dry_run_told(source: Path, tmp_path: Path) -> None:
    """What would be encoded and deleted is told first, then done, drift watched in between."""
    shutil.copytree(source, tmp_path / "source")
    only = {"where": "path < 'day=2'"}
    first = compress(job_for(tmp_path, backfill=only), return_state=True)
    assert first.is_completed()
    planned = compress(job_for(tmp_path, backfill={"dry_run": True}), return_state=True)
    assert planned.name == "Planned"
    intended = planned.result().intended
    assert f"Would encode {len(intended.encoded)} fragments" in planned.message
    done = compress(job_for(tmp_path), return_state=True).result()
    assert done.drift is not None
    assert done.retired == intended.retired
    assert not list((tmp_path / "source").rglob("*.parquet"))


def test_a_fragment_that_is_rejected_is_counted_once(source: Path, tmp_path: Path) -> None:
    """A file that fails when it is read back makes the run fail: one of those it looked at."""
    shutil.copytree(source, tmp_path / "source")
    compress(job_for(tmp_path, retention={"delete_source": "never"}))
    bad = min((tmp_path / "archive").rglob("*.parquet"))
    content = bytearray(bad.read_bytes())
    content[len(content) // 3] ^= 0xFF
    bad.write_bytes(bytes(content))
    state = compress(job_for(tmp_path), return_state=True)
    assert state.is_failed()
    assert state.message.startswith("1 of 3 fragments failed")
