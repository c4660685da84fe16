"""Shape of the autoencoder, and the form of the latents that it makes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ae_pipeline.config._model import Settings

Activation = Literal[
    "relu", "leaky_relu", "elu", "selu", "gelu", "swish", "softplus", "sigmoid", "tanh", "linear"
]
Initializer = Literal[
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "uniform", "normal"
]
Width = Annotated[int, Field(ge=1, le=16384)]
Design = Literal["residual", "plain"]
LatentType = Literal["float32", "float16", "int8"]


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


class LatentConfig(Settings):
    """Type and rounding of the latents of a features dataset."""

    type: LatentType = Field(
        default="float32",
        description="Type of a latent's numbers in files. int8, for vector databases, has one "
        "scale for all of them, in the metadata of the latent column.",
    )
    rounding: Literal["auto", "exact"] = Field(
        default="auto",
        description="auto: latents are multiples of a step per dimension, a power of two that is "
        "chosen when the codec is fitted, so that they take few bytes. exact: they are the "
        "encoder's output; int8 is always rounded.",
    )
    max_mse_growth: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.01,
        description="Share by which rounding may increase the mean squared error of held-out rows, "
        "in standardised units. int8 takes the scale with the smallest error, whatever that is.",
    )
    bits: Annotated[float, Field(gt=0, le=24)] | None = Field(
        default=None,
        description="Round to so many bits per number on average, whatever that does to the error; "
        "null rounds by max_mse_growth.",
    )
    step: Annotated[float, Field(ge=1e-6, le=1e6)] | None = Field(
        default=None,
        description="Round all dimensions to this step, or the next power of two below; null "
        "chooses steps.",
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> "LatentConfig":
        """Refuse settings of which only one can count."""
        if self.bits is not None and self.step is not None:
            raise ValueError("bits and step are both set: one of them is possible")
        is_set = self.bits is not None or self.step is not None
        if is_set and (self.rounding == "exact" or self.type == "int8"):
            raise ValueError("bits and step are for rounded float32 and float16 alone")
        return self
