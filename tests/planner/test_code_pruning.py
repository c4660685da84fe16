"""Codes that never vary leave no trace but in the biases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ae_pipeline.planner.code_pruning import prune_codes
from ae_pipeline.planner.sample import SampleBlocks
from tests.support.archives import make_codec, ramp_network, ramp_records


def test_idle_codes_are_folded(generator: np.random.Generator) -> None:
    """Without the codes that were always the same, predictions of all rows are what they were."""
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
def test_codec_stays_as_it_is(n_rows: int, generator: np.random.Generator) -> None:
    """Where all codes vary, or none does, or there is no network, nothing is changed."""
    records = ramp_records(generator, n_rows)
    sample = SampleBlocks((records,), n_rows, 1)
    for network in (ramp_network(), None):
        codec = make_codec(records.schema, 0.5, network)
        assert prune_codes(codec, sample) is codec
