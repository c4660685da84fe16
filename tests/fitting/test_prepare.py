"""The first look at a source is the same on every engine, whatever is damaged in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.columns import TableSchema
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source, discover, list_row_groups
from ae_pipeline.errors import CorruptFragmentError, SourceNotFoundError
from ae_pipeline.fitting import measure_for_fit
from ae_pipeline.fitting.prepare import measure_source
from ae_pipeline.results.progress import silent
from tests.support.data.datasets import write_tree

ENGINES = ["processes", pytest.param("dask", marks=pytest.mark.heavy)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Five files with more rows than a sample has."""
    generator = np.random.default_rng(0)
    files = {
        f"day={day}/part.parquet": pa.table(
            {"a": generator.normal(day, 1.0, 9_000), "b": generator.exponential(size=9_000)}
        )
        for day in range(5)
    }
    return write_tree(tmp_path / "source", files, row_group_size=2_000)


def measured(source: Path, **execution: Any) -> dict[str, Any]:
    """The statistics that a job finds, as lists."""
    job = JobConfig(execution=execution)
    found = measure_for_fit(job, discover(str(source)), silent).statistics
    return {name: np.asarray(value).tolist() for name, value in vars(found).items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_statistics_are_the_same_on_every_engine(source: Path, engine: str) -> None:
    """Whoever measures which file, and however many do, every number is that of one thread."""
    alone = measured(source, engine="threads", workers=1)
    assert alone["n_rows"] == 45_000
    assert measured(source, engine="threads", workers=3) == alone
    assert measured(source, engine=engine, workers=2) == alone


def test_the_seed_draws_the_sample(source: Path) -> None:
    """Another seed draws other rows; files of the same content do not draw the same places."""
    job = JobConfig(training={"seed": 1}, execution={"engine": "threads"})
    other = measure_for_fit(job, discover(str(source)), silent).statistics
    first = measured(source, engine="threads")
    assert other.priorities.tolist() != first["priorities"]
    assert len(set(first["priorities"])) == len(first["priorities"])


def damaged(source: Path, *numbers: int) -> tuple[Source, list[Any]]:
    """The source and its row groups, listed before some files were torn."""
    found = discover(str(source))
    groups = list_row_groups(found.fragments)
    for number in numbers:
        path = found.fragments[number].path
        path.write_bytes(path.read_bytes()[:-30])
    return found, groups


@pytest.mark.parametrize("engine", ["threads", *ENGINES])
def test_damaged_files_are_left_out_whole(
    source: Path, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is damaged since it was listed counts for nothing, and one line says so."""
    job = JobConfig(execution={"engine": engine})
    schema = TableSchema(pq.read_schema(source / "day=0/part.parquet"), ("a", "b"))
    found, groups = damaged(source, 1, 3)
    statistics, left, _ = measure_source(groups, schema, None, job, found, silent)
    assert statistics.n_rows == 27_000
    assert {group.fragment.relative for group in left} == {
        f"day={day}/part.parquet" for day in (0, 2, 4)
    }
    told = [line for line in caplog.messages if "left out of the fit" in line]
    assert len(told) == 2
    assert "day=1/part.parquet" in told[0]


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_the_first_error_is_raised_if_nothing_is_left(source: Path, engine: str) -> None:
    """If all files are damaged or gone, the fit ends with the error of the first."""
    job = JobConfig(execution={"engine": engine})
    schema = TableSchema(pq.read_schema(source / "day=0/part.parquet"), ("a", "b"))
    found, groups = damaged(source, 0, 1, 2, 3, 4)
    with pytest.raises(CorruptFragmentError, match="day=0"):
        measure_source(groups, schema, None, job, found, silent)
    for fragment in found.fragments:
        fragment.path.unlink()
    with pytest.raises(SourceNotFoundError, match="day=0"):
        measure_source(groups, schema, None, job, found, silent)
