"""Codes that never vary become part of the biases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ae_pipeline.planner.code_pruning import prune_codes
from ae_pipeline.planner.sample import SampleBlocks
from tests.support.codec.archives import make_codec
from tests.support.codec.ramps import ramp_network, ramp_records


def test_constant_codes_are_pruned(generator: np.random.Generator) -> None:
    """Pruning codes that never vary leaves the predictions of all rows unchanged."""
    records = ramp_records(generator)
    network = ramp_network(n_idle=3)
    bias = network.encoder["encoder/1/bias"].copy()
    bias[2] = 7.0
    skip = network.decoder.skip_weights.copy()
    skip[2] = [3, -2]
    network = replace(
        network,
        encoder={**network.encoder, "encoder/1/bias": bias},
        decoder=replace(network.decoder, skip_weights=skip),
    )
    codec = make_codec(records.schema, 0.5, network)
    found = prune_codes(codec, SampleBlocks((records,), len(records), 1))
    assert found.network is not None
    assert found.network.decoder.latent_dim == 1
    before = network.predict(codec.codes(records), len(records))
    after = found.network.predict(found.codes(records), len(records))
    for number, prediction in before.items():
        np.testing.assert_array_equal(after[number], prediction)
    decoded = found.decode(found.encode(records).to_bytes(), len(records))
    assert decoded["b"].to_pylist() == records["b"].to_pylist()


@pytest.mark.parametrize("n_rows", [0, 1, 4000])
def test_codec_is_unchanged(n_rows: int, generator: np.random.Generator) -> None:
    """Nothing changes if all codes vary, none does, or there is no network."""
    records = ramp_records(generator, n_rows)
    sample = SampleBlocks((records,), n_rows, 1)
    for network in (ramp_network(), None):
        codec = make_codec(records.schema, 0.5, network)
        assert prune_codes(codec, sample) is codec
