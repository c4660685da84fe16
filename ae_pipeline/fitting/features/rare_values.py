"""Rare values of columns that are nearly constant, and whether they come back from features.

A network minimises a mean, and five rows in a hundred thousand hardly move it. The fit reports
such losses once and records them in the codec.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Int64

from ae_pipeline.blocks.block import Block, rows_per_block
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.columns import ColumnStatistics, is_rare
from ae_pipeline.dataset import RowGroup, read_records
from ae_pipeline.results.fit import RareColumn

logger = logging.getLogger(__name__)


def with_lost_events(
    codec: FeaturesCodec, statistics: ColumnStatistics, groups: Sequence[RowGroup]
) -> FeaturesCodec:
    """Log columns whose rare values are lost, and return the codec with them in its provenance.

    Args:
        codec: the fitted codec.
        statistics: statistics of the rows it was fitted to.
        groups: the measured row groups, read again if a column is nearly constant.
    """
    varies = statistics.minimum < statistics.maximum
    doubted = varies & is_rare(statistics) & _is_alone(codec)
    is_constant = codec.is_constant
    doubted = doubted & ~is_constant if codec.keeps_exact else doubted | (varies & is_constant)
    if not doubted.any():
        return codec
    n_rare, n_restored = _count(codec, np.flatnonzero(doubted), groups)
    lost = tuple(
        RareColumn(
            name=codec.schema.lanes[number],
            value=None if np.isnan(center) else center,
            n_rows=int(statistics.count[number]),
            n_rare=rare,
            n_restored=restored,
        )
        for number, center, rare, restored in zip(
            np.flatnonzero(doubted).tolist(),
            codec.standardization.center[doubted].tolist(),
            n_rare.tolist(),
            n_restored.tolist(),
            strict=True,
        )
        if 2 * restored < rare
    )
    for column in lost:
        logger.warning("%s", column)
    return replace(codec, provenance=replace(codec.provenance, rare=lost))


def _is_alone(codec: FeaturesCodec) -> Bool[np.ndarray, "lanes"]:
    """Return the lanes that are columns: one pixel of an image is no event."""
    spans = codec.schema.spans
    return np.array([len(span) == 1 for span in spans for _ in span], bool)


def _count(
    codec: FeaturesCodec, numbers: Int64[np.ndarray, "doubted"], groups: Sequence[RowGroup]
) -> tuple[Int64[np.ndarray, "doubted"], Int64[np.ndarray, "doubted"]]:
    """Count each column's rare rows, and those of them that come back near their own value."""
    features = codec.schema.features
    usual = codec.standardization.center[numbers, None]
    n_rare, n_restored = np.zeros((2, len(numbers)), np.int64)
    for group in groups:
        n_rows = rows_per_block(len(features))
        columns = [*features, *codec.texts]
        for records in read_records(group.fragment, n_rows, columns, [group.index]):
            block = codec.read(records)
            values = block.values[numbers]
            is_off = ~np.isnan(values) & (values != usual)
            chosen = is_off.any(axis=0)
            if chosen.any():
                n_rare += is_off.sum(axis=1)
                decoded = _restored(codec, records, block, chosen)[numbers]
                is_back = _is_near(decoded, values[:, chosen], usual)
                n_restored += (is_back | _is_exact(codec, numbers, values[:, chosen])).sum(axis=1)
    return n_rare, n_restored


def _is_exact(
    codec: FeaturesCodec,
    numbers: Int64[np.ndarray, "doubted"],
    values: Float64[np.ndarray, "doubted chosen"],
) -> Bool[np.ndarray, "doubted chosen"]:
    """Return which values go beside the latents, because the network sees them clipped."""
    standardization = codec.standardization
    with np.errstate(over="ignore", invalid="ignore"):
        reach = np.abs(values - standardization.center[numbers, None])
        limit = standardization.clip_sigma * standardization.scale[numbers, None]
        is_far: Bool[np.ndarray, "doubted chosen"] = reach > limit
    return is_far & codec.keeps_exact


def _restored(
    codec: FeaturesCodec, records: pa.RecordBatch, block: Block, chosen: Bool[np.ndarray, "rows"]
) -> Float64[np.ndarray, "features chosen"]:
    """Return some rows of a block after encoding and decoding."""
    bags = codec.bags(records.filter(pa.array(chosen)))
    missing = None if block.missing is None else block.missing[:, chosen]
    part = Block(block.values[:, chosen].copy(), missing)
    return codec.decode(codec.encode(part, bags), missing).values


def _is_near(
    decoded: Float64[np.ndarray, "doubted chosen"],
    values: Float64[np.ndarray, "doubted chosen"],
    usual: Float64[np.ndarray, "doubted 1"],
) -> Bool[np.ndarray, "doubted chosen"]:
    """Return which restored values are nearer to their own value than to the usual one."""
    with np.errstate(over="ignore", invalid="ignore"):
        near: Bool[np.ndarray, "doubted chosen"] = np.abs(decoded - values) < np.abs(
            decoded - usual
        )
    return near
