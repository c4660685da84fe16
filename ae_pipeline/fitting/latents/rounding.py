"""Give a fitted features codec its rounding, and measure what that costs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.codec.features.rounding import LatentRounding, common_step, power_of_two
from ae_pipeline.coding import decode_matrix, encode_matrix, fill_tiles
from ae_pipeline.config.network import LatentConfig, LatentType
from ae_pipeline.fitting.latents.losses import RowLosses
from ae_pipeline.fitting.latents.steps import Rows, int8_steps, steps_of_bits, steps_within
from ae_pipeline.results.fit import LatentRecord

if TYPE_CHECKING:  # loads TensorFlow
    from ae_pipeline.training.data import TrainingData

logger = logging.getLogger(__name__)

#: Rows to measure on: enough for 1 % of an error, and no more than a second's work.
_FEW_ROWS, _MANY_ROWS, _MANY_NUMBERS = 1 << 10, 1 << 14, 1 << 20


def with_rounded_latents(
    codec: FeaturesCodec, config: LatentConfig, data: TrainingData
) -> FeaturesCodec:
    """Return a codec that rounds its latents, with what that costs in its provenance.

    Args:
        codec: fitted, with exact latents.
        config: how finely to round.
        data: of the fit; steps are measured on rows of training and on held-out ones, as they will
            be encoded together.
    """
    rows = _measured_rows(codec, config.type, [data.sample.matrix(0), data.validation()])
    rounding = LatentRounding(config.type, _steps(rows, config))
    record = _record(rows, rounding)
    if record.mse_growth > config.max_mse_growth:
        logger.warning(
            "latents of type %s and %.1f bits: mean squared error %.3g, not %.3g, standardised",
            config.type,
            record.bits,
            record.mse_rounded,
            record.mse,
        )
    return replace(codec, rounding=rounding, provenance=replace(codec.provenance, latents=record))


def _measured_rows(
    codec: FeaturesCodec, kind: LatentType, parts: Sequence[Float32[np.ndarray, "_ inputs"]]
) -> Rows:
    """Return rows from all over some matrices of network inputs, NaN where they are missing."""
    most = max(_FEW_ROWS, min(_MANY_ROWS, _MANY_NUMBERS // codec.latent_dim))
    every = max(1, -(-sum(map(len, parts)) // most))
    matrix = np.concatenate([part[::every] for part in parts])
    inputs = np.nan_to_num(matrix, nan=0.0)
    latents = encode_matrix(codec.architecture, codec.weights, fill_tiles(inputs))
    latents = latents[: len(inputs)]

    def decoded(latents: Float32[np.ndarray, "rows latent"]) -> Float32[np.ndarray, "rows inputs"]:
        found = decode_matrix(codec.architecture, codec.weights, fill_tiles(latents))
        return found[: len(inputs)]

    losses, exact = RowLosses(codec.inputs, matrix), decoded(latents)
    return Rows(latents, lambda rounded: losses.of(decoded(rounded), exact), kind)


def _steps(rows: Rows, config: LatentConfig) -> tuple[float, ...]:
    if config.type == "int8":
        return int8_steps(rows)
    if config.rounding == "exact":
        return ()
    if config.step is not None:
        return common_step(power_of_two(config.step), rows.latents.shape[1])
    if config.bits is not None:
        return steps_of_bits(rows, config.bits)
    return steps_within(rows, config.max_mse_growth)


def _record(rows: Rows, rounding: LatentRounding) -> LatentRecord:
    mse = rows.loss_of(rounding.steps)
    growth = mse / rows.exact_loss - 1 if rows.exact_loss else float(mse > 0)
    return LatentRecord(
        bits=rows.bits_of(rounding.steps), mse=rows.exact_loss, mse_growth=max(growth, 0.0)
    )
