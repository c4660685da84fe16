"""The codec without any prediction, which every other one has to beat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import Quantizer
from ae_pipeline.columns import Standardization, fit_standardization, resolve_tolerances, rounded
from ae_pipeline.config.job import JobConfig
from ae_pipeline.fitting.prepare import Measured
from ae_pipeline.results.fit import TrainingSummary

#: Cells per standard deviation of a column.
_MOST_CELLS = 2.0**24
#: Digits of the unit of standardised errors.
_STD_DIGITS = 5

#: Training summary in a provenance without a trained network.
UNTRAINED = TrainingSummary(0, 0, "no network", 0, 0.0, 0.0)


def direct_codec(
    job: JobConfig,
    measured: Measured,
    provenance: Provenance,
    quantizers: tuple[Quantizer, ...] | None = None,
) -> tuple[ArchiveCodec, Standardization]:
    """Build a codec without any prediction, and the standardisation of a network's inputs.

    Args:
        job: settings.
        measured: the measured source.
        provenance: where the codec comes from.
        quantizers: promises to keep; None to resolve the tolerances of the settings.
    """
    if quantizers is None:
        quantizers = resolve_tolerances(job.tolerance, measured.schema, measured.statistics)
    inputs = fit_standardization(measured.statistics, job.network.clip_sigma)
    direct = ArchiveCodec(
        schema=measured.schema,
        quantizers=quantizers,
        std=np.array([rounded(one, _STD_DIGITS) for one in measured.deviation(inputs).tolist()]),
        predictor=None,
        network=None,
        provenance=provenance,
    )
    is_whole = np.array([quantizer.is_whole for quantizer in direct.lane_quantizers], bool)
    is_learnable = _is_learnable(inputs, direct.cell) & ~is_whole
    return direct, replace(inputs, scale=np.where(is_learnable, inputs.scale, 0.0))


def _is_learnable(
    inputs: Standardization, cell: Float64[np.ndarray, "lanes"]
) -> Bool[np.ndarray, "lanes"]:
    """Return which lanes a network may see.

    Their cells have one width, not so fine against the spread that float32 cannot tell them apart.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return (cell > 0) & (inputs.scale / cell < _MOST_CELLS)
