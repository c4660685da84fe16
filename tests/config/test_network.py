"""Settings of the network and of its latents that depend on others."""

from __future__ import annotations

from typing import Any  # settings of several types

import pytest
from pydantic import ValidationError

from ae_pipeline.config.network import LatentConfig, NetworkConfig


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


@pytest.mark.parametrize(
    "latent",
    [
        {"bits": 4, "step": 0.5},
        {"bits": 4, "rounding": "exact"},
        {"step": 0.5, "type": "int8"},
        {"bits": 0},
        {"step": 0},
        {"max_mse_growth": 0},
        {"type": "float64"},
    ],
    ids=str,
)
def test_latents_that_cannot_be(latent: dict[str, Any]) -> None:
    """Settings that contradict each other, or that no rounding can follow, are refused."""
    with pytest.raises(ValidationError):
        LatentConfig(**latent)
