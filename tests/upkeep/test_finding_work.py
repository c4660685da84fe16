"""States of fragments are the same whoever looks at them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Source, discover
from ae_pipeline.formats import open_format
from ae_pipeline.results.progress import silent
from ae_pipeline.storage import codec_directory, read_marker
from ae_pipeline.upkeep import list_source, plan_backfill
from ae_pipeline.upkeep.finding import Destination
from ae_pipeline.upkeep.finding_work import Due, FindingWork, Found, found_elsewhere
from ae_pipeline.upkeep.status import fragment_statuses
from ae_pipeline.verbs import compress
from ae_pipeline.work import gather
from tests.support.jobs.nights import job_for

THREADS = ExecutionConfig(engine="threads")


def encoded(source: Path, *others: str) -> tuple[Source, Destination]:
    """The source, encoded, with links to its first file under other names, encoded or not."""
    compress(job_for(source, delete="never"))
    archive = source.parent / "archive"
    first = discover(str(source)).fragments[0].relative
    for name in others:
        for root in (source, archive):
            os.link(root / first, (root / first).with_name(name))
    marker = read_marker(archive)
    assert marker is not None
    format = open_format(codec_directory(archive, marker.codec_id or ""))
    return discover(str(source)), Destination.look(archive, format)


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_workers_find_what_threads_find(source: Path, engine: Any) -> None:
    """Every state has the same reason, be it current, missing, stale, unreadable or failed."""
    found, destination = encoded(source, "part-7.parquet", "part-8.parquet", "part-9.parquet")
    by_name = {path.name: path for path in destination.root.rglob("part-*.parquet")}
    by_name["part-7.parquet"].unlink()
    by_name["part-8.parquet"].unlink()
    by_name["part-8.parquet"].write_bytes(b"PAR1")
    due = Due(found.fragments, destination)
    (made,) = gather(
        FindingWork(found.folders),
        [due],
        execution=ExecutionConfig(engine=engine),
        stage="plan",
        progress=silent,
    )
    assert isinstance(made, Found)
    here = fragment_statuses(found, destination, THREADS)
    assert list(made.findings) == [(one.state, one.reason) for one in here]
    assert {state for state, _ in made.findings} == {"current", "missing", "stale"}


def test_few_fragments_are_looked_at_here(source: Path) -> None:
    """No worker is told of fragments that are read before it has started."""
    found, destination = encoded(source)
    assert found_elsewhere(found, destination, ExecutionConfig(engine="processes")) == {}


@pytest.mark.heavy
@pytest.mark.parametrize("engine", ["auto", "processes", "dask"])
def test_plans_of_many_files_are_the_same_on_every_engine(source: Path, engine: str) -> None:
    """Thousands of files that must be read are planned by workers, and the plan is that of here."""
    encoded(source, *(f"part-{number}.parquet" for number in range(10, 8_210)))
    plans = [
        plan_backfill(job := job_for(source, execution={"engine": name}), list_source(job))
        for name in ("threads", engine)
    ]
    assert len(plans[0].fragments) > 8_200
    assert plans[1].fragments == plans[0].fragments
    job = job_for(source, execution={"engine": engine})
    found = discover(str(source))
    destination = Destination.look(source.parent / "archive", None)
    assert len(found_elsewhere(found, destination, job.execution)) == len(found.fragments)
