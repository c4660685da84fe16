"""Shape of the autoencoder."""

from typing import Annotated, Literal

from pydantic import Field

from ae_pipeline.config._model import Settings

Activation = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "swish", "softplus", "sigmoid", "tanh", "linear"
]
Initializer = Literal[
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "uniform", "normal"
]
Width = Annotated[int, Field(ge=1, le=16384)]
Design = Literal["residual", "plain"]


class NetworkConfig(Settings):
    """Encoder and decoder: widths, activation, initialisation."""

    design: Design = Field(
        default="residual",
        description="residual: a linear map initialised with PCA, plus a nonlinear branch that "
        "starts at zero. plain: the usual stack of dense layers.",
    )
    window: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="Consecutive rows that form one input of an archive's network; null lets the "
        "planner choose. Features always use one row.",
    )
    latent_dim: int | None = Field(
        default=None,
        ge=1,
        description="Width of the bottleneck: numbers per row, or per window in an archive. null: "
        "a quarter of the feature columns, or for an archive the planner's choice.",
    )
    encoder_hidden: tuple[Width, ...] = Field(
        default=(64, 64), description="Widths of the encoder's hidden layers, from input to latent."
    )
    decoder_hidden: tuple[Width, ...] | None = Field(
        default=None,
        description="Widths of the decoder's hidden layers; null mirrors the encoder.",
    )
    activation: Activation = Field(default="relu", description="Activation of every hidden layer.")
    initializer: Initializer = Field(
        default="glorot_uniform", description="Initialiser of the hidden layers' weights."
    )
    clip_sigma: float = Field(
        default=10.0,
        gt=0,
        description="Clip standardised inputs at plus and minus this many standard deviations, so "
        "that no single outlier steers training.",
    )

    def widths(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Hidden widths of (encoder, decoder)."""
        if self.decoder_hidden is None:
            return self.encoder_hidden, tuple(reversed(self.encoder_hidden))
        return self.encoder_hidden, self.decoder_hidden
