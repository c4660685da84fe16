"""Networks that a cluster trains beside one another, and the search that takes them up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.config.job import EncodeJob
from tests.support.codec.planned import planned
from tests.support.data.datasets import write_tree


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Waves of three hidden columns."""
    generator = np.random.default_rng(0)
    slopes, phases = generator.normal(size=(3, 12)) * 2, generator.uniform(0, 6, 12)
    hidden = generator.uniform(-1, 1, (20_000, 3))
    waves = np.sin(hidden @ slopes + phases).T
    columns = {f"wave{number}": wave for number, wave in enumerate(waves)}
    return write_tree(tmp_path / "source", {"part-0.parquet": pa.table(columns)}, 20_000)


def fitted(source: Path, engine: str, **settings: Any) -> ArchiveCodec:
    """The codec that a job plans."""
    job = EncodeJob(
        source=str(source),
        archive=str(source.parent / engine),
        planner={"windows": [1], "budget_s": 20},
        training={"max_steps": 1000},
        execution={"engine": engine, "workers": 2},
        **settings,
    )
    return planned(job, source.parent / f"state-{engine}")


@pytest.mark.slow
@pytest.mark.heavy
def test_a_cluster_finds_the_codec_of_one_thread(source: Path) -> None:
    """Where trials run changes neither the codec nor any line of the plan but its seconds."""
    ours, theirs = fitted(source, "threads"), fitted(source, "dask")
    assert theirs.id == ours.id
    plans = [
        [(one.name, one.payload_bytes, one.model_bytes, one.is_chosen) for one in plan]
        for plan in (ours.provenance.plan, theirs.provenance.plan)
    ]
    assert plans[0] == plans[1]
    assert sum(name.startswith("trained network") for name, *_ in plans[0]) > 2
