"""Fit a codec: measure the source, judge what the promise leaves, train."""

from ae_pipeline.fitting.archive import fit_archive_codec
from ae_pipeline.fitting.direct import UNTRAINED, direct_codec
from ae_pipeline.fitting.features import fit_codec
from ae_pipeline.fitting.forecast import (
    ForecastCodec,
    SampledSource,
    forecast_codec,
    is_trained,
    sample_blocks,
    sample_source,
)
from ae_pipeline.fitting.forecast_rest import container_bytes, described_bytes, fit_seconds
from ae_pipeline.fitting.guard import column_fidelity, flattened_warnings, is_named, judge_codec
from ae_pipeline.fitting.prepare import measure_for_fit
from ae_pipeline.fitting.preview import preview
from ae_pipeline.fitting.spreading import spread_items, spread_row_groups
from ae_pipeline.fitting.start import fit_key

__all__ = [
    "UNTRAINED",
    "ForecastCodec",
    "SampledSource",
    "column_fidelity",
    "container_bytes",
    "described_bytes",
    "direct_codec",
    "fit_archive_codec",
    "fit_codec",
    "fit_key",
    "fit_seconds",
    "flattened_warnings",
    "forecast_codec",
    "is_named",
    "is_trained",
    "judge_codec",
    "measure_for_fit",
    "preview",
    "sample_blocks",
    "sample_source",
    "spread_items",
    "spread_row_groups",
]
