"""Columns that a network is worth its weights for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.planner.sample import SampleBlocks

_BYTES_PER_WEIGHT = 0.8


def useful_columns(
    codec: ArchiveCodec, without: ArchiveCodec, sample: SampleBlocks, growth: float
) -> Bool[np.ndarray, "features"]:
    """Which columns a network makes smaller by more than what they cost in weights.

    Args:
        codec: with the network.
        without: the same without.
        sample: blocks to measure on.
        growth: rows of the archive per row of the source, which share the weights.
    """
    network = codec.network
    if network is None:
        return np.zeros(len(codec.columns), bool)
    saved = sample.share * (_column_bytes(without, sample) - _column_bytes(codec, sample))
    widths = (*network.architecture.encoder_hidden[:1], *network.architecture.decoder_hidden)
    cost = network.window * (sum(widths) + network.decoder.latent_dim) / growth
    return saved > _BYTES_PER_WEIGHT * cost


def _column_bytes(codec: ArchiveCodec, sample: SampleBlocks) -> Int64[np.ndarray, "features"]:
    """Bytes of each column's streams over all blocks."""
    found = [[one.n_bytes for one in codec.encode(block).columns] for block in sample.blocks]
    return np.array(found, np.int64).reshape(-1, len(codec.columns)).sum(axis=0)
