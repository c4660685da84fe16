"""The plan of a job over files: plain text and names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ae_pipeline import EncodeJob
from ae_pipeline.batches import encode_files, plan_encode_files
from ae_pipeline.errors import SourceNotFoundError
from tests.support.data.datasets import number_tree


def test_a_plan_is_text(tmp_path: Path) -> None:
    """A plan passes through JSON, keeps the settings, and names no codec but the destination's."""
    archive = tmp_path / "archive"
    job = EncodeJob(
        source=str(number_tree(tmp_path / "source")),
        archive=str(archive),
        planner={"learn": "never"},
        execution={"effort": "fast"},
    )
    plan = plan_encode_files(job)
    assert json.loads(json.dumps(plan)) == list(plan)
    assert EncodeJob.model_validate_json(plan.job) == job
    assert [one["state"] for one in encode_files(*plan)] == ["written", "written"]


def test_what_stops_the_verb_stops_the_plan(tmp_path: Path) -> None:
    """A job that cannot run ends where it is planned, and nothing is made."""
    job = EncodeJob(source=str(tmp_path / "none"), archive=str(tmp_path / "archive"))
    with pytest.raises(SourceNotFoundError):
        plan_encode_files(job)
    assert list(tmp_path.iterdir()) == []
