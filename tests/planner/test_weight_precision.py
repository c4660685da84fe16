"""Weights lose the bits that nobody needs, and only those."""

from __future__ import annotations

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec, model_bytes
from ae_pipeline.planner.weight_precision import coarsest
from tests.support.archives import make_codec, ramp_network, ramp_records, random_network


def test_needless_precision_is_dropped(generator: np.random.Generator) -> None:
    """If only the model counts its weights become coarse; predictions stay what they say."""
    records = ramp_records(generator)
    codec = make_codec(records.schema, 0.5, random_network(generator, 3, latent=8, hidden=40))
    size, coarse = coarsest(codec, lambda one: float(sum(model_bytes(one).values())))
    assert size == sum(model_bytes(coarse).values()) < sum(model_bytes(codec).values())
    assert coarse.network is not None
    assert coarse.network.encoder_bits == 6


def test_needed_precision_stays(generator: np.random.Generator) -> None:
    """If only the payload counts a network that predicts exactly goes on doing so."""
    records = ramp_records(generator)
    codec = make_codec(records.schema, 0.5, ramp_network())

    def payload(one: ArchiveCodec) -> float:
        return float(len(one.encode(records).to_bytes()))

    size, coarse = coarsest(codec, payload)
    assert size == payload(coarse) <= payload(codec)


def test_no_network_is_as_it_is(generator: np.random.Generator) -> None:
    """A codec without a network has no weights to round."""
    codec = make_codec(ramp_records(generator, 10).schema, 0.5)
    assert coarsest(codec, lambda one: 7.0) == (7.0, codec)
