"""Find the coarsest weights that pay: what rounding spoils, residuals mend, at a price.

The module also says what a weight takes before it is stored. Three decisions need that, each of
networks in another state, and each has a figure of its own: the figures decide what is tried and
kept, so a change of one changes plans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork

#: Bytes per weight of a linear network in closed form, before its precision is chosen.
SCREENED_BYTES_PER_WEIGHT = 1.0
#: Of a trained network whose weights are already as coarse as pays.
PRUNED_BYTES_PER_WEIGHT = 0.8
#: Of a network that a forecast may train: on the safe side, as nothing of it is measured yet.
FORECAST_BYTES_PER_WEIGHT = 1.2
#: Precisions to choose from: of the encoder's weights, and of the decoder's skip.
_ENCODER_BITS, _SKIP_BITS = (6, 8, 10, 13), (8, 10, 12)


def coarsest(
    codec: ArchiveCodec, bytes_of: Callable[[ArchiveCodec], float]
) -> tuple[float, ArchiveCodec]:
    """Return (bytes, codec) with weights only as precise as pays.

    Args:
        codec: with a network.
        bytes_of: measures a codec.
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
