"""Verbs by paths and keywords: the same results as those of jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

import ae_pipeline
from ae_pipeline import EncodeJob, VerifyJob
from ae_pipeline.errors import ConfigError
from tests.support.checks import assert_one_line
from tests.support.data.datasets import mixed_table, read_table
from tests.support.data.orders import orders_table

QUICK = {"planner__learn": "never", "planner__budget_s": 5.0}


def test_the_way_of_an_archive(source: Path, tmp_path: Path) -> None:
    """Encode, verify, open, decode, compress and backfill take paths and keywords."""
    archive, out = tmp_path / "archive", tmp_path / "decoded"
    made = ae_pipeline.encode(
        source, archive, tolerance=0.01, keep=["name"], effort="fast", **QUICK
    )
    assert made.failures == ()
    codec = ae_pipeline.load_codec(archive / "_ae/codecs" / made.codec_ids[0])
    assert codec.provenance.tolerance["relative"] == 0.01
    assert ae_pipeline.verify(archive, source).failures == ()
    assert ae_pipeline.verify(str(archive)).failures == ()
    assert "name" in ae_pipeline.open(archive).schema.names
    assert ae_pipeline.decode(archive, out, source=str(source)).failures == ()
    assert read_table(out / "day=1/part-0.parquet").num_rows == 300
    assert ae_pipeline.backfill(source, archive, where="day >= 2").plan.selected == ()
    assert ae_pipeline.compress(source, archive).failures == ()
    assert ae_pipeline.estimate(source, tolerance=0.01, **QUICK).n_rows == 900


def test_a_job_does_the_same(source: Path, tmp_path: Path) -> None:
    """A job is taken as it is, and nothing beside it."""
    planner = {"learn": "never", "budget_s": 5.0}
    job = EncodeJob(source=str(source), archive=str(tmp_path / "archive"), planner=planner)
    assert ae_pipeline.encode(job).failures == ()
    assert ae_pipeline.verify(VerifyJob(archive=str(tmp_path / "archive"))).failures == ()
    with pytest.raises(ConfigError) as error:
        ae_pipeline.encode(job, tmp_path / "other")
    assert_one_line(error.value)


def test_a_frame_is_a_source(tmp_path: Path) -> None:
    """Rows in memory are encoded as those of a file, and come back."""
    table = orders_table(0, 500)
    ae_pipeline.encode(table, tmp_path / "archive", tolerance=0.0, **QUICK)
    assert ae_pipeline.open(tmp_path / "archive").to_table().equals(table)
    assert ae_pipeline.estimate(table, **QUICK).n_rows == 500


def test_settings_of_a_file_are_overridden(source: Path, tmp_path: Path) -> None:
    """Keywords win over a job file."""
    config = tmp_path / "job.yaml"
    config.write_text(
        f"source: {source}\ntolerance: {{relative: 0.5}}\nplanner: {{learn: never}}\n"
    )
    made = ae_pipeline.encode(archive=tmp_path / "archive", config=config, tolerance=0.02)
    codec = ae_pipeline.load_codec(tmp_path / "archive/_ae/codecs" / made.codec_ids[0])
    assert codec.provenance.tolerance["relative"] == 0.02


@pytest.mark.parametrize("settings", [{"tolerence": 1}, {"training__epoch": 1}, {"workers": 0}])
def test_wrong_keywords_are_named(
    settings: dict[str, object], source: Path, tmp_path: Path
) -> None:
    """A keyword that is no setting, or has no such value, ends the call in one line."""
    with pytest.raises(ConfigError) as error:
        ae_pipeline.encode(source, tmp_path / "archive", **settings)
    assert_one_line(error.value)
    assert not (tmp_path / "archive").exists()


@pytest.mark.slow
def test_a_codec_of_a_table(tmp_path: Path) -> None:
    """A codec fitted to a table encodes and decodes tables, and can be saved for the verbs."""
    table = mixed_table(1)
    codec = ae_pipeline.fit(table, latent_dim=2, epochs=2, network__encoder_hidden=[4])
    assert (codec.latent_dim, codec.features) == (2, ("alpha", "beta", "gamma", "flat", "empty"))
    latents = codec.encode(table)
    assert latents["latent"].type.list_size == 2
    back = codec.decode(latents)
    assert back.schema.equals(table.schema)
    assert back.drop_columns(list(codec.features)).equals(table.drop_columns(list(codec.features)))
    codec.save(tmp_path / "codec")
    found = ae_pipeline.features(table, tmp_path / "features", codec=str(tmp_path / "codec"))
    assert found.failures == ()
    assert ae_pipeline.open(tmp_path / "features").to_table()["latent"].equals(latents["latent"])
    with pytest.raises(ae_pipeline.AePipelineError):
        codec.save(tmp_path / "codec")


def test_help_is_one_screen() -> None:
    """What `help(ae_pipeline)` begins with fits a screen and names every public verb."""
    text = ae_pipeline.__doc__ or ""
    assert len(text.splitlines()) <= 24
    assert all(len(line) <= 100 for line in text.splitlines())
    verbs = [name for name in ae_pipeline.__all__ if name.islower()]
    assert [name for name in verbs if name not in text] == []
