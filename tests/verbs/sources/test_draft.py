"""Drafts of job files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.config.job import CompressJob, EncodeJob
from ae_pipeline.config.load import load_job
from ae_pipeline.errors import ConfigError
from ae_pipeline.verbs import encode
from ae_pipeline.verbs.sources.draft import draft_job
from tests.support.data.datasets import write_tree

AWKWARD = (
    "true",
    "a: b",
    "# c_id",
    "*_id",
    "line\nbreak_id",
    "Zürich \u20ac_id",
    "'q'_id",
    "é\x85_id",
)


def tables(*names: str) -> dict[str, pa.Table]:
    """One file with a float column and integer columns of these names."""
    noise = np.random.default_rng(0).normal(size=50)
    return {"year=2015/p.parquet": pa.table({"fare": noise, **dict.fromkeys(names, range(50))})}


def loaded(text: str, folder: Path) -> CompressJob:
    """The job of a text, in a file."""
    path = folder / "job.yaml"
    path.write_text(text, encoding="utf-8")
    return load_job(CompressJob, str(path))


def test_a_draft_is_a_job(tmp_path: Path) -> None:
    """A draft names the source, a place for the archive, and keys and times to keep readable."""
    when = pa.array(range(50), pa.timestamp("us"))
    found = tables("trip_id", "zone")["year=2015/p.parquet"].append_column("pickup", when)
    source = write_tree(tmp_path / "sales 2015", {"year=2015/p.parquet": found})
    text = draft_job(str(source), "job.yaml")
    job = loaded(text, tmp_path)
    assert (job.source, job.archive) == (str(source), "sales 2015_archive")
    assert job.columns.keep == ("trip_id", "pickup")
    assert job.tolerance.relative == 0.01
    assert "year 2015" in text
    lines = [line for line in text.splitlines() if str(source) not in line]
    assert max(map(len, lines)) <= 100


def test_awkward_names(tmp_path: Path) -> None:
    """Names that YAML or globs would read as something else are quoted, or left out."""
    source = write_tree(tmp_path / "yes: no", tables(*AWKWARD))
    job = loaded(draft_job(str(source), "job.yaml"), tmp_path)
    assert job.source == str(source)
    assert set(job.columns.keep) == {"# c_id", "Zürich \u20ac_id", "'q'_id"}


def test_archives_are_no_sources(tmp_path: Path) -> None:
    """What is encoded already is refused, and named."""
    source, archive = write_tree(tmp_path / "s", tables("k")), tmp_path / "a"
    quick = {"learn": "never", "budget_s": 1.0}
    encode(EncodeJob(source=str(source), archive=str(archive), planner=quick))
    with pytest.raises(ConfigError, match="not a source"):
        draft_job(str(archive), "job.yaml")
