"""A flattened column in Prefect: it stops a run, or marks what the run leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from ae_pipeline.config.job import CompressJob, EncodeJob, VerifyJob
from flows.compress import compress
from flows.encode import encode
from flows.pages.artifacts import artifact_key
from flows.verify import verify
from tests.support.taxi import taxi_table

pytestmark = pytest.mark.flow

QUICK = {"planner": {"learn": "never"}, "execution": {"retries": 0}}
COARSE = {"relative": 0.01, "kind": "range"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A column that 1 % of the range flattens, and one that it does not."""
    path = tmp_path_factory.mktemp("guard") / "trips.parquet"
    pq.write_table(taxi_table(400).select(["fare", "meter"]), path)
    return path


def job_for(source: Path, kind: type[EncodeJob], **tolerance: object) -> EncodeJob:
    """An archive beside the source."""
    archive = str(source.parent / "archive")
    return kind(source=str(source), archive=archive, tolerance={**COARSE, **tolerance}, **QUICK)


def artifact_of(kind: str, dataset: str) -> str:
    """Content of the latest artifact of a kind."""
    key = artifact_key(kind, dataset)
    with get_client(sync_client=True) as client:
        found = [one for one in client.read_artifacts() if one.key == key]
    return str(max(found, key=lambda one: one.created).data)


def test_a_flattened_column_fails_the_run_in_one_line(source: Path) -> None:
    """The run ends Failed with the error, which names the column, and no archive is there."""
    state = encode(job_for(source, EncodeJob), return_state=True)
    assert state.is_failed()
    assert str(state.message).startswith("the tolerance flattens 1 column")
    assert "fare (within 4290" in str(state.message)
    assert not (source.parent / "archive").exists()


def test_an_accepted_one_marks_summary_and_state(source: Path) -> None:
    """State message, Markdown and a table of columns name it, of encode, verify and a night."""
    accepted = job_for(source, EncodeJob, accept_flattened=True)
    archive = str(accepted.archive)
    checking = VerifyJob(archive=archive, source=str(source), **QUICK)
    for verb, flow, job, dataset in (
        ("encode", encode, accepted, str(source)),
        ("verify", verify, checking, archive),
    ):
        state: State = flow(job, return_state=True)
        assert state.is_completed()
        assert " flattened=fare " in str(state.message)
        assert "1 column flattened by the tolerance: fare" in artifact_of(verb, dataset)
        rows = json.loads(artifact_of(f"{verb}-fidelity", dataset))
        assert [row["verdict"] for row in rows] == ["flattened", "kept"]
    again = source.parent / "night/source"
    again.mkdir(parents=True)
    pq.write_table(pq.ParquetFile(source).read(), again / "trips.parquet")
    night = job_for(again, CompressJob, accept_flattened=True)
    state = compress(night, return_state=True)
    assert " flattened=fare " in str(state.message)
    assert "1 column flattened by the tolerance: fare" in artifact_of("compress", str(again))
