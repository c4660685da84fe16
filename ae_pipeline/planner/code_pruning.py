"""Prune the codes that carry no information: what they add to the decoder becomes its biases.

The rate objective lets codes that do not pay for themselves fall silent, so a network may be
trained with more codes than it will need.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32, Int, Int8, Int64

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import IntegerDecoder
from ae_pipeline.planner.sample import SampleBlocks

#: A code that is the same in this share of all windows is pruned.
_USUAL = 0.9995

Codes = Int64[np.ndarray, "windows latent"]


def prune_codes(codec: ArchiveCodec, sample: SampleBlocks) -> ArchiveCodec:
    """Return the codec with the codes that vary over these blocks; itself if all do, or none."""
    network = codec.network
    if network is None:
        return codec
    codes = np.concatenate([codec.codes(block) for block in sample.blocks])
    if not len(codes):
        return codec
    usual = np.median(codes, axis=0).astype(np.int64)
    varies = (codes == usual).mean(axis=0) < _USUAL
    if varies.all() or not varies.any():
        return codec
    return replace(codec, network=_with_codes(network, varies, usual))


def _with_codes(
    network: ArchiveNetwork, chosen: Bool[np.ndarray, "latent"], usual: Int64[np.ndarray, "latent"]
) -> ArchiveNetwork:
    """Keep the chosen codes and fix the others at their usual value."""
    last = f"encoder/{len(network.architecture.encoder_hidden)}/"
    ends = ("encoder/skip/kernel", f"{last}kernel", f"{last}bias")
    encoder = {
        name: array[..., chosen] if name in ends else array
        for name, array in network.encoder.items()
    }
    return replace(
        network,
        architecture=replace(network.architecture, latent_dim=int(chosen.sum())),
        encoder=encoder,
        code_step=network.code_step[chosen],
        decoder=_decoder_of(network.decoder, chosen, np.where(chosen, 0, usual)),
    )


def _decoder_of(
    decoder: IntegerDecoder,
    chosen: Bool[np.ndarray, "latent"],
    fixed: Int64[np.ndarray, "latent"],
) -> IntegerDecoder:
    hidden = _times(fixed, decoder.hidden_weights, decoder.hidden_shift)
    output = _times(fixed, decoder.skip_weights, decoder.skip_shift)
    return replace(
        decoder,
        hidden_weights=decoder.hidden_weights[chosen],
        hidden_bias=decoder.hidden_bias + hidden,
        skip_weights=decoder.skip_weights[chosen],
        output_bias=decoder.output_bias + output,
    )


def _times(
    codes: Int64[np.ndarray, "latent"],
    weights: Int[np.ndarray, "latent outputs"],
    shift: Int8[np.ndarray, "outputs"],
) -> Float32[np.ndarray, "outputs"]:
    """Return what these codes add to each output."""
    product = (codes @ weights.astype(np.int64)).astype(np.float64)
    return np.ldexp(product, -shift.astype(np.int32)).astype(np.float32)
