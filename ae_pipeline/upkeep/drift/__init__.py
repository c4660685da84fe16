"""Drift: new data is no longer what the codec was fitted to. Measure it, and choose codecs."""

from ae_pipeline.upkeep.drift.choice import choose_codecs
from ae_pipeline.upkeep.drift.measure import measure_drift
from ae_pipeline.upkeep.drift.record import read_drift, tell_drift, write_drift

__all__ = ["choose_codecs", "measure_drift", "read_drift", "tell_drift", "write_drift"]
