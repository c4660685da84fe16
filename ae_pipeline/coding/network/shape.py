"""The shape of a network as plain data: Keras builds it, numpy applies it, the codec stores it.

Weights travel as a flat mapping from name to float32 array:

    encoder/skip/kernel      [inputs, latent]     residual design only
    encoder/<i>/kernel       [fan_in, fan_out]    hidden layers 0, 1, ... and the output layer last
    encoder/<i>/bias         [fan_out]
    decoder/...              the same, from latent to inputs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from ae_pipeline.config.network import Activation, Design, NetworkConfig

Side = Literal["encoder", "decoder"]
Weights: TypeAlias = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Architecture:
    """Widths, activation and design of an encoder and a decoder."""

    n_inputs: int
    latent_dim: int
    encoder_hidden: tuple[int, ...]
    decoder_hidden: tuple[int, ...]
    activation: Activation
    design: Design

    @classmethod
    def from_config(
        cls, config: NetworkConfig, n_inputs: int, n_columns: int | None = None
    ) -> Architecture:
        """Return the widths for `n_inputs`; latent_dim defaults to a quarter of the columns.

        Args:
            config: settings.
            n_inputs: of the network.
            n_columns: that the inputs stand for; None if each stands for one.
        """
        encoder_hidden, decoder_hidden = config.widths()
        return cls(
            n_inputs=n_inputs,
            latent_dim=config.latent_dim or max(1, round((n_columns or n_inputs) / 4)),
            encoder_hidden=encoder_hidden,
            decoder_hidden=decoder_hidden,
            activation=config.activation,
            design=config.design,
        )

    def layer_widths(self, side: Side) -> tuple[int, ...]:
        """Return the widths of one side from input to output, both ends included."""
        if side == "encoder":
            return (self.n_inputs, *self.encoder_hidden, self.latent_dim)
        return (self.latent_dim, *self.decoder_hidden, self.n_inputs)

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return name and shape of every weight, in storage order."""
        shapes: dict[str, tuple[int, ...]] = {}
        sides: tuple[Side, Side] = ("encoder", "decoder")
        for side in sides:
            widths = self.layer_widths(side)
            if self.design == "residual":
                shapes[f"{side}/skip/kernel"] = (widths[0], widths[-1])
            for index, (fan_in, fan_out) in enumerate(pairwise(widths)):
                shapes[f"{side}/{index}/kernel"] = (fan_in, fan_out)
                shapes[f"{side}/{index}/bias"] = (fan_out,)
        return shapes

    @property
    def n_parameters(self) -> int:
        """Numbers in all weights together."""
        return sum(int(np.prod(shape)) for shape in self.weight_shapes().values())
