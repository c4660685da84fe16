"""Columns that change from file to file: what nothing depends on may, features may not."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.errors import ConfigError
from ae_pipeline.fragments.exact import same_bits
from ae_pipeline.verbs import decode, encode, estimate, inspect, verify

N_ROWS = 40
DAYS = {
    "day=1": {
        "n": pa.array([1] * N_ROWS, pa.int32()),
        "s": pa.array(["a"] * N_ROWS),
        "at": pa.array([date(2024, 1, 1)] * N_ROWS),
    },
    "day=2": {
        "at": pa.array([datetime(2024, 1, 1)] * N_ROWS, pa.timestamp("us")),
        "n": pa.array([1 << 40] * N_ROWS),
        "s": pa.array(["a"] * N_ROWS, pa.large_string()),
    },
    "day=3": {
        "s": pa.array(["a"] * N_ROWS).dictionary_encode(),
        "new": pa.array([1.5, np.nan] * (N_ROWS // 2)),
        "n": pa.array([0.1] * N_ROWS, pa.float64()),
    },
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A source of three days, each of other kept columns, in `source`."""
    for day, columns in DAYS.items():
        path = tmp_path / "source" / day / "p.parquet"
        path.parent.mkdir(parents=True)
        numbers = pa.array(np.random.default_rng(1).normal(size=N_ROWS))
        pq.write_table(pa.table({**columns, "a": numbers}), path)
    return tmp_path


def run(root: Path, kind: str) -> tuple[str, ...]:
    """Encode to a dataset of this kind; messages of what failed."""
    job = EncodeJob(
        source=str(root / "source"),
        planner={"learn": "never"},
        training={"epochs": 0},
        **{kind: str(root / kind)},
    )
    return tuple(failure.message for failure in encode(job).failures)


@pytest.mark.parametrize("kind", ["archive", "features"])
def test_each_file_comes_back_with_its_own_columns(kind: str, root: Path) -> None:
    """Kept columns of other types, new, gone and in another order are those of each file."""
    assert run(root, kind) == ()
    job = DecodeJob(
        decoded=str(root / "out"), source=str(root / "source"), **{kind: str(root / kind)}
    )
    assert decode(job).failures == ()
    for day in DAYS:
        ours, theirs = (
            pq.ParquetFile(root / name / day / "p.parquet").read() for name in ("out", "source")
        )
        assert ours.schema.equals(theirs.schema, check_metadata=True)
        for name in set(theirs.column_names) - {"a"}:
            assert same_bits(ours[name].combine_chunks(), theirs[name].combine_chunks())


def test_verify_and_parts_of_files_that_differ(root: Path) -> None:
    """Verify holds each file to its own source; columns that few files have can be chosen."""
    assert run(root, "archive") == ()
    paths = {"archive": str(root / "archive"), "source": str(root / "source")}
    report = verify(VerifyJob(**paths))
    assert (report.failures, report.total.n_rows) == ((), 3 * N_ROWS)
    chosen = SelectionConfig(columns=("new", "at"))
    assert verify(VerifyJob(**paths, selection=chosen)).failures == ()
    job = DecodeJob(
        archive=paths["archive"],
        decoded=str(root / "out"),
        selection=SelectionConfig(columns=("new",)),
    )
    assert [one.relative for one in decode(job).fragments] == ["day=3/p.parquet"]
    with pytest.raises(ConfigError, match="no column matches"):
        verify(VerifyJob(**paths, selection=SelectionConfig(columns=("nowhere",))))


def test_looks_at_sources_that_differ(root: Path) -> None:
    """Inspect tells which columns differ; estimate goes by the features that most files have."""
    told = str(inspect(str(root / "source")).facts["columns that differ"])
    assert "n (int32, int64, double)" in told
    assert "at (date32[day], timestamp[us])" in told
    assert estimate(EstimateJob(source=str(root / "source"))).n_rows == 3 * N_ROWS


@pytest.mark.parametrize("kind", ["archive", "features"])
def test_features_may_not_differ(kind: str, root: Path) -> None:
    """A file without a feature column, or with one of another type, fails by name alone."""
    for day, columns in (("day=8", {"b": [1.0]}), ("day=9", {"a": pa.array([1.0], pa.float32())})):
        path = root / "source" / day / "p.parquet"
        path.parent.mkdir()
        pq.write_table(pa.table(columns), path)
    missing, other = run(root, kind)
    assert "a is missing" in missing
    assert "a is float, not double" in other


def test_new_columns_may_not_take_our_names(root: Path) -> None:
    """A file with a column of the name that encode adds fails by name; the others do not."""
    path = root / "source/day=9/p.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"a": [1.0], "ae:block": ["x"], "latent": ["x"]}), path)
    assert [("ae:block" in message) for message in run(root, "archive")] == [True]
    assert [("latent" in message) for message in run(root, "features")] == [True]
