"""The command that follows each verb."""

from __future__ import annotations

from ae_pipeline.cli.running import following
from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, FitJob, VerifyJob
from ae_pipeline.results.inspection import Inspection

QUERY = ("query", "a b", "select count(*) from t")


def test_jobs() -> None:
    """Each verb is followed by the one that makes use of what it wrote, or that proves it."""
    archive = EncodeJob(source="s", archive="a b")
    assert following.encode(archive) == ("verify", "a b", "--source", "s")
    features = EncodeJob(source="s", features="f")
    assert following.encode(features) == ("decode", "f", "OUT", "--source", "s")
    fit = FitJob(source="s", codec="c")
    assert following.fit(fit) == ("features", "s", "DEST", "--codec", "c")
    assert following.verify(VerifyJob(archive="a b", source="s")) == QUERY
    assert following.verify(VerifyJob(archive="a b")) == ("verify", "a b", "--source", "SOURCE")
    assert following.decode(DecodeJob(archive="x", decoded="a b")) == QUERY


def test_dry_runs() -> None:
    """What was only planned is done next."""
    job = CompressJob(source="s", archive="a b")
    assert following.compress(job) == QUERY
    dry = job.model_copy(update={"backfill": job.backfill.model_copy(update={"dry_run": True})})
    assert following.compress(dry) == ("compress", "s", "a b")


def test_inspected() -> None:
    """A source is forecast, a codec encodes, and a dataset answers queries."""
    found = [following.inspect(Inspection(kind, "p", {}, ())) for kind in ("source", "codec")]
    assert found == [("estimate", "p"), ("features", "SOURCE", "DEST", "--codec", "p")]
    assert following.inspect(Inspection("archive", "a b", {}, ())) == QUERY
