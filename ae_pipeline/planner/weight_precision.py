"""How few bits a network's weights can have: what rounding spoils, corrections mend, at a price."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork

#: Precisions to choose from: of the encoder's weights, and of the decoder's skip.
_ENCODER_BITS, _SKIP_BITS = (6, 8, 10, 13), (8, 10, 12)


def coarsest(
    codec: ArchiveCodec, bytes_of: Callable[[ArchiveCodec], float]
) -> tuple[float, ArchiveCodec]:
    """(bytes, codec) with weights only as precise as pays.

    Args:
        codec: with a network; as its weights are stored it is one of the candidates.
        bytes_of: measures.
    """
    network = codec.network
    if network is None:
        return bytes_of(codec), codec
    candidates = [replace(codec, network=one) for one in _encoders(network)]
    best, chosen = min(((bytes_of(one), one) for one in candidates), key=lambda pair: pair[0])
    for coarser in _skips(chosen):
        if (n_bytes := bytes_of(coarser)) < best:
            best, chosen = n_bytes, coarser
    return best, chosen


def _encoders(network: ArchiveNetwork) -> Iterator[ArchiveNetwork]:
    for n_bits in _ENCODER_BITS:
        yield replace(network, encoder_bits=n_bits).as_stored()


def _skips(codec: ArchiveCodec) -> Iterator[ArchiveCodec]:
    network = codec.network
    if network is not None:
        for n_bits in _SKIP_BITS:
            decoder = network.decoder.with_coarse_skip(n_bits)
            yield replace(codec, network=replace(network, decoder=decoder))
