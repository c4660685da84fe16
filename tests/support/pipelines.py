"""Verbs on the mixed dataset, with a codec that was really fitted."""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.config.job import DecodeJob, EncodeJob, FitJob
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, fit

FAST = {"training": {"epochs": 3, "batch_size": 64}, "network": {"latent_dim": 2}}
FEATURES = ("alpha", "beta", "gamma", "flat", "empty", "count")


def run_fit(source: Path, codec: Path) -> str:
    """Fit a codec to the mixed dataset; returns its directory."""
    fit(FitJob(source=str(source), codec=str(codec), columns={"feature": ["count"]}, **FAST))
    return str(codec)


def run_encode(source: Path, destination: Path, codec: str, **settings: object) -> DatasetReport:
    """Encode with a named codec."""
    return encode(EncodeJob(source=str(source), features=str(destination), codec=codec, **settings))


def run_decode(
    features: Path, destination: Path, source: Path | None = None, **settings: object
) -> DatasetReport:
    """Decode, and compare if there is a source."""
    job = {"features": str(features), "decoded": str(destination), **settings}
    return decode(DecodeJob(source=None if source is None else str(source), **job))
