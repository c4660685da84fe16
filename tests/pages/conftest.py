"""Archives and features of small tables, and pages of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.pages import page_of
from ae_pipeline.verbs import encode
from tests.support.data.datasets import mixed_tree, write_tree
from tests.support.jobs.pipelines import run_encode, run_fit

QUICK = {"learn": "never", "budget_s": 1}
HOSTILE = "<script>alert(1)</script>"


def encoded(source: Path, archive: Path, tolerance: float = 0.01, **settings: object) -> Path:
    """Write an archive without a network."""
    job = {"tolerance": {"relative": tolerance, "accept_flattened": True}, **settings}
    encode(EncodeJob(source=str(source), archive=str(archive), planner=QUICK, **job))
    return archive


def hostile_table(seed: int, n_rows: int = 400) -> pa.Table:
    """Columns whose names and texts are markup, formulas, or cannot be printed."""
    random = np.random.default_rng(seed)
    level = random.normal(size=n_rows).cumsum()
    return pa.table(
        {
            HOSTILE: level + random.normal(size=n_rows),
            '" onload="alert(2)': level * 3,
            "$x^2$ & \u202e\n": random.gamma(2, 3, n_rows),
            "温度": level - 2,
            "all null": pa.nulls(n_rows, pa.float64()),
            "text": [f"<img src=x onerror=alert({i % 7})>" for i in range(n_rows)],
            "flat": np.full(n_rows, 2.5),
        }
    )


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of three years."""
    tables = {f"year={2011 + n}/part-0.parquet": hostile_table(n) for n in range(3)}
    return write_tree(tmp_path_factory.mktemp("hostile") / "source", tables)


@pytest.fixture(scope="package")
def archive(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive; nobody may change it."""
    return encoded(hostile, tmp_path_factory.mktemp("archives") / "archive")


@pytest.fixture(scope="package")
def page(hostile: Path, archive: Path) -> str:
    """The page of the archive, compared with its source."""
    return page_of(str(archive), str(hostile))


@pytest.fixture(scope="package")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of mixed columns in three partitions."""
    return mixed_tree(tmp_path_factory.mktemp("mixed") / "source")


@pytest.fixture(scope="package")
def features(mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features of it; nobody may change them."""
    folder = tmp_path_factory.mktemp("features")
    run_encode(mixed, folder / "features", run_fit(mixed, folder / "codec"))
    return folder / "features"
