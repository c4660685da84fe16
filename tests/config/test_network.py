"""Settings of the network that are derived from others."""

from __future__ import annotations

import pytest

from ae_pipeline.config.network import NetworkConfig


@pytest.mark.parametrize(
    ("encoder", "decoder", "widths"),
    [
        ((64, 32), None, ((64, 32), (32, 64))),
        ((64, 32), (8,), ((64, 32), (8,))),
        ((), None, ((), ())),
        ((5,), (), ((5,), ())),
    ],
)
def test_decoder_mirrors_encoder(
    encoder: tuple[int, ...],
    decoder: tuple[int, ...] | None,
    widths: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    """Without widths of its own the decoder has the encoder's in reverse."""
    assert NetworkConfig(encoder_hidden=encoder, decoder_hidden=decoder).widths() == widths
