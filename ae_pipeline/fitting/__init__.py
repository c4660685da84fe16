"""Fit a codec: measure the source, judge what the promise leaves, train."""

from ae_pipeline.fitting.archive import fit_archive_codec
from ae_pipeline.fitting.direct import UNTRAINED, direct_codec
from ae_pipeline.fitting.features import fit_codec
from ae_pipeline.fitting.guard import column_fidelity, flattened_warnings, is_named, judge_codec
from ae_pipeline.fitting.prepare import Measured, measure_for_fit, spread
from ae_pipeline.fitting.preview import preview
from ae_pipeline.fitting.start import fit_key

__all__ = [
    "UNTRAINED",
    "Measured",
    "column_fidelity",
    "direct_codec",
    "fit_archive_codec",
    "fit_codec",
    "fit_key",
    "flattened_warnings",
    "is_named",
    "judge_codec",
    "measure_for_fit",
    "preview",
    "spread",
]
