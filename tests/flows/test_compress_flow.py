"""The compress flow: what a night leaves in Prefect, and what it tells of drift."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from ae_pipeline.config.job import CompressJob
from flows.compress import compress
from flows.pages.assets import asset_key
from flows.pages.events import DRIFT, SHIFT
from flows.pages.names import slug
from tests.support.data.datasets import write_tree
from tests.support.flows.artifacts import artifact_of
from tests.support.flows.servers import events_of

pytestmark = pytest.mark.flow

MATERIALIZED = "prefect.asset.materialization.succeeded"
DAYS = ("day=1", "day=2")


def table(seed: int, *, is_broken: bool = False, shift: float = 0.0) -> pa.Table:
    """Two columns, the second of which follows from the first unless it is broken."""
    generator = np.random.default_rng(seed)
    driver = generator.normal(size=3000) + shift
    other = generator.normal(size=3000) if is_broken else driver
    noise = 0.001 * generator.normal(size=3000)
    return pa.table({"key": range(3000), "x": driver, "y": 2.0 * other + noise})


def job_for(source: Path, **settings: object) -> CompressJob:
    """A night over a source and the archive beside it."""
    common = {"planner": {"learn": "linear"}, "execution": {"retries": 0}}
    archive = str(source.parent / "archive")
    return CompressJob(source=str(source), archive=archive, **{**common, **settings})


def night(source: Path, **settings: object) -> State:
    """The final state of one."""
    return compress(job_for(source, **settings), return_state=True)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days; later tests add to them."""
    root = tmp_path_factory.mktemp("compress") / "source"
    return write_tree(root, {f"{day}/part-0.parquet": table(seed) for seed, day in enumerate(DAYS)})


@pytest.fixture(scope="module")
def first(source: Path) -> State:
    """A dry run, then the first night."""
    planned = night(source, backfill={"dry_run": True})
    assert (planned.type.value, planned.name) == ("COMPLETED", "Planned")
    assert planned.message.startswith("2 of 2 fragments to do")
    assert not (source.parent / "archive").exists()
    return night(source)


def test_first_night(source: Path, first: State) -> None:
    """A dry run writes nothing; a night ends with its numbers, one table of all, and an asset."""
    assert first.is_completed()
    assert "written=2 failed=0 rows=6000" in first.message
    assert "verified=2 retired=0" in first.message
    rows = json.loads(artifact_of("compress-partitions", source))
    assert [row["partition"] for row in rows] == [*DAYS, "total"]
    assert {row["state"] for row in rows} == {"verified"}
    assert all(row["MSE"] > 0 and 0 < row["max/tol"] <= 1 and row["ratio"] > 1 for row in rows)
    page = artifact_of("compress", source)
    assert "Read back and compared 2 fragments" in page
    assert "Every value is within its promise" in page
    with get_client(sync_client=True) as client:
        (event,) = events_of(client, MATERIALIZED, asset_key(str(source.parent / "archive")))
    assert event.payload["partitions"] == list(DAYS)


def test_growth_is_an_event_and_shift_another(source: Path, first: State) -> None:
    """Rows that take more bytes are told as drift, a distribution that moved alone as shift."""
    dataset = f"ae-pipeline.dataset.{slug(str(source))}"
    write_tree(source, {"day=3/part-0.parquet": table(3, shift=3.0)})
    assert "drifted=0" in night(source).message
    write_tree(source, {"day=4/part-0.parquet": table(4, is_broken=True)})
    assert "drifted=1" in night(source).message
    with get_client(sync_client=True) as client:
        (shift,) = events_of(client, SHIFT, dataset)
        (drift,) = events_of(client, DRIFT, dataset)
    assert [one["partition"] for one in shift.payload["partitions"]] == ["day=3"]
    assert [one["partition"] for one in drift.payload["partitions"]] == ["day=4"]
    (row,) = json.loads(artifact_of("drift", source))
    assert row["partition"] == "day=4"


def test_verified_sources_are_retired(source: Path, first: State) -> None:
    """With retention a night reads the archive back, deletes the sources and says so."""
    state = night(source, retention={"delete_source": "after_verify"})
    assert state.is_completed()
    n_fragments = len(state.result().retired)
    assert n_fragments >= len(DAYS)
    assert list(source.rglob("*.parquet")) == []
    assert f"verified={n_fragments} retired={n_fragments}" in state.message
    rows = json.loads(artifact_of("compress-partitions", source))
    assert {row["state"] for row in rows} == {"retired"}
    assert f"Deleted {n_fragments} source fragments" in artifact_of("compress", source)
