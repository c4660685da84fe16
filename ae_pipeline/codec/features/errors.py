"""Errors of single rows: how badly latents stand for each value, so that odd rows stand out."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from ae_pipeline.blocks.block import Block
from ae_pipeline.codec.features.codec import FeaturesCodec


def row_errors(
    codec: FeaturesCodec, block: Block, latents: Float32[np.ndarray, "rows latent"]
) -> Float64[np.ndarray, "features rows"]:
    """Return the error of each value of some rows.

    That of a number is the square of its standardised error, that of a vector the mean over its
    numbers, that of a category the negative logarithm of its probability, in nats. Values count as
    they are, not clipped. NaN where a value is missing, or the network does not see the column.

    Args:
        codec: that encoded the rows.
        block: the rows, as the codec reads them.
        latents: of the rows, as they are stored.
    """
    outputs, inputs = codec.outputs(latents), codec.inputs
    squares = _squares(codec, block, inputs.to_values(outputs))
    found = np.full((len(codec.schema.spans), block.n_rows), np.nan)
    for number, span in enumerate(codec.schema.spans):
        category = codec.categories.get(span.start)
        if category is None:
            found[number] = _mean(squares[span.start : span.stop])
        else:
            logits = outputs[:, inputs.spans[span.start]]
            found[number] = category.surprise(block.values[span.start], logits)
    return found


def _squares(
    codec: FeaturesCodec, block: Block, decoded: Float64[np.ndarray, "lanes rows"]
) -> Float64[np.ndarray, "lanes rows"]:
    """Return squared errors in standard deviations, NaN where a lane is no input."""
    scale = np.where(codec.standardization.is_constant, np.nan, codec.standardization.scale)
    with np.errstate(over="ignore", invalid="ignore"):
        errors = (block.values - decoded) / scale[:, None]
        squares: Float64[np.ndarray, "lanes rows"] = errors * errors
    return squares


def _mean(squares: Float64[np.ndarray, "lanes rows"]) -> Float64[np.ndarray, "rows"]:
    """Return the mean of the values that are there, NaN without any."""
    is_there = ~np.isnan(squares)
    counts = is_there.sum(axis=0)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.where(is_there, squares, 0.0).sum(axis=0)
        return np.where(counts, sums / np.maximum(counts, 1), np.nan)
