"""The backfill flow: its plan, its states, its artifacts, assets and events."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Artifact, State

from ae_pipeline.config.job import BackfillJob, DecodeJob
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from flows.backfill import backfill
from flows.decode import decode
from flows.pages.artifacts import artifact_key
from flows.pages.assets import asset_key
from flows.pages.events import DRIFT, FRAGMENTS_FAILED, emit_drift, emit_failures
from flows.pages.names import slug
from tests.support.data.datasets import mixed_tree
from tests.support.flows.artifacts import artifacts_by_key
from tests.support.flows.servers import events_of

pytestmark = pytest.mark.flow

MATERIALIZED = "prefect.asset.materialization.succeeded"


def job_for(source: Path, archive: Path, **settings: object) -> BackfillJob:
    """A backfill of an archive that is quick to fit."""
    execution = {"retries": 0, "fragments_per_task": 2}
    quick = {"planner": {"learn": "linear"}, "execution": execution}
    return BackfillJob(source=str(source), archive=str(archive), **{**quick, **settings})


def artifacts() -> dict[str, Artifact]:
    """The latest artifact of each key."""
    return artifacts_by_key()


@pytest.fixture(scope="module")
def finished(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, State]:
    """An archive in a folder whose name needs escaping, and the final state of its backfill."""
    archive = tmp_path_factory.mktemp("backfill") / "the archive [1]"
    return archive, backfill(job_for(source, archive), return_state=True)


def test_dry_run_writes_nothing(source: Path, tmp_path: Path) -> None:
    """A dry run ends Completed as Planned, tells what would be done, and leaves no file."""
    job = job_for(source, tmp_path / "archive", backfill={"dry_run": True})
    state = backfill(job, return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "Planned")
    assert state.message.startswith("3 of 3 fragments to do")
    report = state.result()
    assert {one.state for one in report.plan.fragments} == {"missing"}
    assert report.report is None
    assert list(tmp_path.iterdir()) == []


def test_dry_run_tells_of_what_takes_force(tmp_path: Path) -> None:
    """A dry run that would remove much of the archive ends with the sentence that refuses it."""
    source, archive = mixed_tree(tmp_path / "source"), tmp_path / "archive"
    backfill(job_for(source, archive), return_state=True)
    for day in (1, 2):
        (source / f"day={day}" / "part-0.parquet").unlink()
    job = job_for(source, archive, backfill={"dry_run": True, "prune": True})
    state = backfill(job, return_state=True)
    assert state.name == "Planned"
    assert "2 of 3 files would be removed" in state.message
    assert "--force" in state.message
    job = job_for(source, archive, backfill={"prune": True})
    assert backfill(job, return_state=True).is_failed()
    assert len(list(archive.glob("day=*/*.parquet"))) == 3


def test_rewritten_partition_is_replaced(tmp_path: Path) -> None:
    """What a partition was before goes once its new file is verified; the result names it."""
    source, archive = mixed_tree(tmp_path / "source"), tmp_path / "archive"
    backfill(job_for(source, archive), return_state=True)
    (source / "day=2" / "part-0.parquet").rename(source / "day=2" / "part-1.parquet")
    job = job_for(source, archive, backfill={"replace_partitions": True})
    report = backfill(job, return_state=True).result()
    assert report.replaced == ("day=2/part-0.parquet",)
    assert [path.name for path in archive.glob("day=2/*")] == ["part-1.parquet"]


def test_missing_becomes_current(source: Path, finished: tuple[Path, State]) -> None:
    """What is missing is written, and the next plan finds everything current."""
    archive, state = finished
    assert state.is_completed()
    assert state.result().report.n_written == 3
    numbers = dict(pair.split("=") for pair in state.message.split())
    assert numbers["fragments"] == numbers["written"] == numbers["planned"] == "3"
    assert (numbers["failed"], numbers["rows"]) == ("0", "900")
    assert float(numbers["ratio"]) > 1
    files = sorted(archive.rglob("*.parquet"))
    before = [file.stat().st_mtime_ns for file in files]
    again = backfill(job_for(source, archive), return_state=True)
    assert again.is_completed()
    assert {one.state for one in again.result().plan.fragments} == {"current"}
    assert again.result().report is None
    assert [file.stat().st_mtime_ns for file in files] == before


def test_plan_is_an_artifact(finished: tuple[Path, State], source: Path, tmp_path: Path) -> None:
    """The plan's counts and its fragments with their reasons are tables of the run."""
    backfill(job_for(source, tmp_path / "archive", backfill={"dry_run": True}), return_state=True)
    found = artifacts()
    counts = json.loads(found[artifact_key("backfill-plan", str(source))].data)
    assert counts[0]["state"] == "missing"
    assert (counts[-1]["fragments"], counts[-1]["to do"]) == (3, 3)
    fragments = json.loads(found[artifact_key("backfill-fragments", str(source))].data)
    assert [row["reason"] for row in fragments] == ["never encoded"] * 3
    kinds = ("backfill", "backfill-partitions", "backfill-bytes")
    assert {artifact_key(kind, str(source)) for kind in kinds} <= set(found)


def test_partitions_have_their_state(finished: tuple[Path, State], source: Path) -> None:
    """The table of a run has a line per partition with state and ratio, and one for all."""
    rows = json.loads(artifacts()[artifact_key("backfill-partitions", str(source))].data)
    assert [row["partition"] for row in rows] == ["day=1", "day=2", "day=10", "total"]
    assert {row["state"] for row in rows} == {"written"}
    assert all(row["ratio"] > 1 for row in rows)


def test_progress_ends_at_everything(finished: tuple[Path, State], source: Path) -> None:
    """A run of several batches shows a bar that ends at 100 %."""
    progress = artifacts()[artifact_key("backfill-progress", str(source))]
    assert (progress.type, float(progress.data)) == ("progress", 100.0)
    assert progress.description == "3 of 3 fragments, 2 of 2 batches"


def test_archive_is_an_asset(source: Path, finished: tuple[Path, State]) -> None:
    """The archive is materialised from its source, with counts, bytes, codec and partitions."""
    archive, state = finished
    with get_client(sync_client=True) as client:
        events = events_of(client, MATERIALIZED, asset_key(str(archive)))
        referenced = events_of(client, "prefect.asset.referenced", asset_key(str(source)))
    assert len(events) == 1
    assert referenced
    upstream = [one.id for one in events[0].related if one.role == "asset"]
    assert upstream == [asset_key(str(source))]
    assert events[0].resource.name == archive.name
    report = state.result().report
    payload = events[0].payload
    assert payload["rows"] == report.total.n_rows == 900
    assert payload["codec_ids"] == list(report.codec_ids)
    assert payload["partitions"] == ["day=1", "day=2", "day=10"]
    assert payload["encoded_bytes"] == report.total.encoded_bytes
    assert payload["ratio_of_files"] == pytest.approx(report.bytes.ratios.files)


def test_decoded_is_an_asset_of_the_archive(finished: tuple[Path, State], tmp_path: Path) -> None:
    """What is decoded is materialised from the archive."""
    archive, _ = finished
    decoded = tmp_path / "decoded"
    assert decode(DecodeJob(archive=str(archive), decoded=str(decoded)), return_state=True)
    with get_client(sync_client=True) as client:
        event = events_of(client, MATERIALIZED, asset_key(str(decoded)))[0]
    assert [one.id for one in event.related if one.role == "asset"] == [asset_key(str(archive))]
    assert event.payload["decoded_bytes"] > 0


def test_broken_fragment_stops_no_other(tmp_path: Path) -> None:
    """One broken fragment is named in the Failed state and in the next plan; the rest is done."""
    broken = mixed_tree(tmp_path / "broken")
    archive = tmp_path / "archive"
    assert backfill(job_for(broken, archive), return_state=True).is_completed()
    for file in archive.rglob("*.parquet"):
        file.unlink()
    path = broken / "day=2/part-0.parquet"
    content = path.read_bytes()
    # Whole but for one page: its footer is read well, its values are not.
    path.write_bytes(content[:4] + bytes(400) + content[404:])
    state = backfill(job_for(broken, archive), return_state=True)
    assert state.is_failed()
    assert "1 of 3 fragments failed" in state.message
    assert "day=2/part-0.parquet" in state.message
    assert "fragments=3 written=2 current=0 failed=1 rows=600" in state.message
    rows = json.loads(artifacts()[artifact_key("backfill-partitions", str(broken))].data)
    assert [(row["partition"], row["state"]) for row in rows] == [
        ("day=2", "failed"),
        ("day=1", "written"),
        ("day=10", "written"),
        ("total", "1 failed, 2 written"),
    ]
    assert rows[0]["rows"] is None
    assert len(list(archive.rglob("*.parquet"))) == 2
    plan = backfill(job_for(broken, archive, backfill={"dry_run": True}), return_state=True)
    fragments = plan.result().plan.fragments
    assert [one.state for one in fragments] == ["current", "failed", "current"]
    assert "day=2/part-0.parquet" in fragments[1].reason
    with get_client(sync_client=True) as client:
        event = events_of(client, FRAGMENTS_FAILED, f"ae-pipeline.dataset.{slug(str(broken))}")[0]
    assert (event.payload["failed"], event.payload["fragments"]) == (1, 3)
    assert event.payload["failures"][0]["fragment"] == "day=2/part-0.parquet"


def test_bad_job_fails_in_one_line(tmp_path: Path) -> None:
    """A selection that cannot be read ends Failed with our message, and nothing is written."""
    job = job_for(mixed_tree(tmp_path / "mixed"), tmp_path / "archive", backfill={"start": "May"})
    state = backfill(job, return_state=True)
    assert state.is_failed()
    assert state.message.startswith("not a date")
    assert not (tmp_path / "archive").exists()


def test_event_of_many_failures_is_small() -> None:
    """An event names the first hundred of thousands of failures, and counts all of them."""
    failures = [FragmentFailure(f"{i}.parquet", "broken", False) for i in range(5000)]
    emit_failures(failures, 6000, "/data/Many 1")
    with get_client(sync_client=True) as client:
        event = events_of(client, FRAGMENTS_FAILED, f"ae-pipeline.dataset.{slug('/data/Many 1')}")[
            0
        ]
    assert event.payload["failed"] == 5000
    assert len(event.payload["failures"]) == 100


def test_event_of_drift_names_the_drifted_first() -> None:
    """An event of drift holds action, codecs, growth and shift, the drifted partition first."""
    fine = PartitionDrift("day=1", "old", 10, 2.0, None, "", math.nan, False, False)
    grown = PartitionDrift("day=2", "new", 10, 3.0, 2.0, "a", 0.5, is_shifted=True, is_grown=True)
    emit_drift(DriftReport("old", "refit", (fine, grown), "new"), "/data/Drifting 1")
    with get_client(sync_client=True) as client:
        payload = events_of(client, DRIFT, f"ae-pipeline.dataset.{slug('/data/Drifting 1')}")[
            0
        ].payload
    assert payload["action"] == "refit"
    assert (payload["codec_id"], payload["new_codec_id"]) == ("old", "new")
    assert payload["partitions_drifted"] == 1
    first, second = payload["partitions"]
    assert (first["partition"], first["growth"], first["shift"]) == ("day=2", 1.5, 0.5)
    assert (second["partition"], second["growth"], second["shift"]) == ("day=1", None, None)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/data/Sales 2", "file:///data/Sales~202"),
        ("/data/a~b%/c=[1]", "file:///data/a~7Eb~25/c=~5B1~5D"),
        ("/data/Größe", "file:///data/Gr~C3~B6~C3~9Fe"),
    ],
)
def test_asset_keys_are_valid(path: str, expected: str) -> None:
    """A path becomes a URI without the characters that Prefect forbids, no two the same."""
    assert asset_key(path) == expected


def test_long_asset_keys_differ() -> None:
    """Paths too long for a key get keys of the longest length, told apart by a digest."""
    keys = {asset_key("/data/" + "x" * 600 + end) for end in "ab"}
    assert {len(key) for key in keys} == {512}
    assert len(keys) == 2
