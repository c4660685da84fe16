"""Settings of tolerances: shares are below 1, amounts are numbers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ae_pipeline.config.job import (
    EncodeJob,
    EstimateJob,
    JobConfig,
)
from ae_pipeline.config.load import load_job
from ae_pipeline.errors import ConfigError


@pytest.mark.parametrize("value", [2, 1.01, -0.1, True, math.nan, math.inf])
@pytest.mark.parametrize("kind", ["spread", "range", "std", "relative"])
def test_a_relative_tolerance_is_a_part_of_1(kind: str, value: float) -> None:
    """More than all of it, negative, flags and what is no number are refused in one line that says
    what is right, what was given and what to do.
    """  # noqa: D205
    base = {"source": "in", "archive": "out"}
    rule = {"match": "*", "kind": kind, "value": value}
    for job, overrides in (
        (EncodeJob, {**base, "tolerance.relative": value, "tolerance.kind": kind}),
        (EncodeJob, {**base, "tolerance.rules": [rule]}),
        (EstimateJob, {"source": "in", "tolerances": [value]}),
    ):
        with pytest.raises(ConfigError) as caught:
            load_job(job, None, overrides)
        assert "tolerance" in caught.value.what
        assert all((caught.value.expected, caught.value.got, caught.value.remedy))


def test_what_200_percent_means_is_said() -> None:
    """Who writes 2 for 2 % reads what it says, and how source units are asked for."""
    overrides = {"source": "in", "archive": "out", "tolerance.relative": 2}
    with pytest.raises(ConfigError, match="got 2, which is 200 %: divide it by 100, or for source"):
        load_job(EncodeJob, None, overrides)


@pytest.mark.parametrize("value", [-1.0, True, math.nan])
def test_an_absolute_tolerance_is_a_number(value: float) -> None:
    """In source units anything from 0 goes, but no flag, nothing negative and no NaN."""
    for amount in (value, 0.0, 5e9):
        rules = [{"match": "*", "kind": "absolute", "value": amount}]
        overrides = {"source": "in", "archive": "out", "tolerance.rules": rules}
        if amount is not value:
            load_job(EncodeJob, None, overrides)
            continue
        with pytest.raises(ConfigError):
            load_job(EncodeJob, None, overrides)


@pytest.mark.parametrize("accepts", [True, False])
def test_a_number_is_short_for_the_relative_tolerance(accepts: bool, tmp_path: Path) -> None:
    """`tolerance: 0.02` in a file or in --set changes that number, and leaves what is beside it."""
    path = tmp_path / "job.yaml"
    path.write_text("tolerance: 0.02\ndrift: refit\n", encoding="utf-8")
    more = {"tolerance.accept_flattened": True} if accepts else {}
    job = load_job(JobConfig, str(path), more)
    assert (job.tolerance.relative, job.tolerance.accept_flattened) == (0.02, accepts)
    assert job.drift.action == "refit"
    path.write_text("tolerance: {kind: std, relative: 0.02}\n", encoding="utf-8")
    job = load_job(JobConfig, str(path), {"tolerance": 0.03})
    assert (job.tolerance.relative, job.tolerance.kind) == (0.03, "std")
    with pytest.raises(ConfigError, match=r"'tolerance.relative' is not valid: --set: .*200 %"):
        load_job(JobConfig, str(path), {"tolerance": 2}, {"tolerance": "--set"})
