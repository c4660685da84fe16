"""A sample of rows beside what they decode to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from ae_pipeline.config.job import VerifyJob
from ae_pipeline.pages.facts.rows import numbers, sample_rows
from ae_pipeline.verbs import plan_verify
from tests.pages.conftest import HOSTILE


def test_errors_are_in_units_of_the_promise(archive: Path, hostile: Path) -> None:
    """No sampled error is beyond its tolerance, and rows beside each other are the same rows."""
    plan = plan_verify(VerifyJob(archive=str(archive), source=str(hostile)))
    sample = sample_rows(plan, [HOSTILE, "温度"])
    assert sample is not None
    assert sample.n_rows == 1200
    assert [column.name for column in sample.columns] == [HOSTILE, "温度"]
    assert all(0.5 < np.abs(errors).max() <= 1 + 1e-9 for errors in sample.errors.values())
    first = sample.columns[0]
    assert len(first.source) == len(first.decoded) == 200
    assert 0 < np.abs(first.source - first.decoded).max() < np.ptp(first.source) / 20


def test_nulls_are_nan() -> None:
    """Numbers of every kind become float64, and a null is NaN."""
    assert np.isnan(numbers(pa.array([None, 1], pa.int32()))).tolist() == [True, False]
    assert numbers(pa.array([1.5], pa.float16())).tolist() == [1.5]
    assert np.isnan(numbers(pa.nulls(2, pa.float64()))).all()
