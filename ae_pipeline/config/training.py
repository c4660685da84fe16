"""Training of the autoencoder, and when it stops."""

from typing import Literal

from pydantic import Field, field_validator

from ae_pipeline.config._model import Settings
from ae_pipeline.config.paths import checked_place

Loss = Literal["mse", "mae", "huber"]
Optimizer = Literal["adam", "adamw", "sgd"]
Schedule = Literal["constant", "cosine", "exponential"]


class TrainingConfig(Settings):
    """Mini-batch training: loss, optimiser, limits, sample, seed."""

    loss: Loss = Field(
        default="mse", description="Loss over standardised values, without missing ones."
    )
    huber_delta: float = Field(
        default=1.0,
        gt=0,
        description="Error at which huber becomes linear, in standard deviations.",
    )
    anchor: float | None = Field(
        default=None,
        ge=0,
        description="Pull of latents towards the principal components, in the loss of features: "
        "more keeps them useful to simple models, less reconstructs better. null: 10 if texts are "
        "learned, 0.1 if columns of categories are, else 0. The residual design only.",
    )
    optimizer: Optimizer = Field(default="adam", description="Optimiser.")
    learning_rate: float = Field(default=1e-2, gt=0, description="Peak learning rate.")
    weight_decay: float = Field(default=1e-4, ge=0, description="Weight decay; adamw only.")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="Momentum; sgd only.")
    schedule: Schedule = Field(
        default="cosine", description="Decay of the learning rate over the planned steps."
    )
    warmup_fraction: float = Field(
        default=0.02, ge=0, lt=1, description="Share of the planned steps with a linear warm-up."
    )
    batch_size: int = Field(default=256, ge=1, description="Rows per mini-batch.")
    epochs: int = Field(
        default=1000,
        ge=0,
        description="Passes over the resident sample at most; 0 keeps the initial PCA.",
    )
    max_steps: int | None = Field(
        default=20_000, ge=1, description="Mini-batches at most; null sets no limit."
    )
    loss_threshold: float | None = Field(
        default=None, gt=0, description="Stop once the validation loss is this low."
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        description="Stop after this many epochs without a better validation loss.",
    )
    validation_fraction: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Share of the rows held out, as whole row groups if there are enough.",
    )
    sample_mb: int = Field(
        default=256,
        ge=1,
        description="Memory in MB for the resident sample that mini-batches are drawn from; if the "
        "source is larger, the sample is renewed every epoch.",
    )
    start_from: str | None = Field(
        default=None,
        description="Codec directory whose network training starts from, for data that has "
        "drifted. The columns must be the same; standardisation and shape stay.",
    )
    checkpoint_s: float = Field(
        default=20.0,
        ge=0,
        description="Seconds between the checkpoints from which a killed fit resumes.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        description="Seed of all randomness; equal seed, source and machine give equal codecs.",
    )

    @field_validator("start_from")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        return checked_place(path)
