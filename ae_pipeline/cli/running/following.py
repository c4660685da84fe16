"""The command that usually follows each verb, as words, to print and to copy."""

from __future__ import annotations

from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, EstimateJob, FitJob, VerifyJob
from ae_pipeline.formats import FORMATS
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.estimate import Estimate
from ae_pipeline.results.gc import GarbageReport
from ae_pipeline.results.inspection import Inspection

Words = tuple[str, ...]
_COUNT = "select count(*) from t"


def fit(job: FitJob) -> Words:
    """Encode with the codec."""
    return (FORMATS[job.codec_for].verb, job.source, "DEST", "--codec", job.codec)


def encode(job: EncodeJob) -> Words:
    """Compare with the source: an archive by verifying it, features by decoding them."""
    if job.archive is None:
        return ("decode", job.features or "DEST", "OUT", "--source", job.source)
    return ("verify", job.archive, "--source", job.source)


def estimate(job: EstimateJob, found: Estimate) -> Words:
    """Encode at the recommended tolerance, or exactly where none can be recommended."""
    named = (one for one in found.options if one.label == found.recommended)
    tolerance = next((one.tolerance for one in named), 0.0)
    return ("encode", job.source, "ARCHIVE", "--tolerance", f"{tolerance:g}")


def verify(job: VerifyJob) -> Words:
    """Ask the archive something; without a source, compare with it first."""
    return (
        ("verify", job.archive, "--source", "SOURCE") if job.source is None else _ask(job.archive)
    )


def decode(job: DecodeJob) -> Words:
    """Ask the decoded tables something."""
    return _ask(job.decoded)


def backfill(job: EncodeJob, plan: BackfillPlan) -> Words:
    """Do what was planned, then compare with the source."""
    if plan.is_dry_run:
        return ("backfill", job.source, plan.destination)
    return encode(job) if FORMATS[plan.kind].has_promise else _ask(plan.destination)


def compress(job: CompressJob) -> Words:
    """Do what was planned; what was compared already can be asked."""
    if job.backfill.dry_run:
        return ("compress", job.source, job.archive)
    return _ask(job.archive)


def gc(report: GarbageReport) -> Words:
    """Remove what was found, then look at the dataset."""
    return ("gc" if report.is_dry_run and report.garbage else "inspect", report.dataset)


def inspect(found: Inspection) -> Words:
    """Look at what the path makes possible: a forecast, an encoding, a query."""
    if found.kind == "source":
        return ("estimate", found.path)
    if found.kind == "codec":
        return ("features", "SOURCE", "DEST", "--codec", found.path)
    return _ask(found.path)


def _ask(path: str) -> Words:
    return ("query", path, _COUNT)
