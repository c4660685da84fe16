"""How the autoencoder is trained and when it stops."""

from typing import Literal

from pydantic import Field, field_validator

from ae_pipeline.config._model import Settings
from ae_pipeline.config.paths import local_path

Loss = Literal["mse", "mae", "huber"]
Optimizer = Literal["adam", "adamw", "sgd"]
Schedule = Literal["constant", "cosine", "exponential"]


class TrainingConfig(Settings):
    """Mini-batch training: loss, optimiser, limits, sample, seed."""

    loss: Loss = Field(default="mse", description="Of standardised values, missing ones left out.")
    huber_delta: float = Field(
        default=1.0, gt=0, description="Where huber turns linear, in standard deviations."
    )
    optimizer: Optimizer = Field(default="adam", description="By name.")
    learning_rate: float = Field(default=1e-2, gt=0, description="Peak learning rate.")
    weight_decay: float = Field(default=1e-4, ge=0, description="For adamw only.")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="For sgd only.")
    schedule: Schedule = Field(
        default="cosine", description="How the learning rate falls over the planned steps."
    )
    warmup_fraction: float = Field(
        default=0.02, ge=0, lt=1, description="Share of the planned steps that ramp up linearly."
    )
    batch_size: int = Field(default=256, ge=1, description="Rows per mini-batch.")
    epochs: int = Field(
        default=1000, ge=0, description="Passes over the resident sample; 0 keeps the start (PCA)."
    )
    max_steps: int | None = Field(
        default=20_000, ge=1, description="Stop after this many mini-batches, if sooner."
    )
    loss_threshold: float | None = Field(
        default=None, gt=0, description="Stop when the validation loss is at most this."
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
        description="Share of the rows held out, as whole row groups where there are enough.",
    )
    sample_mb: int = Field(
        default=256,
        ge=1,
        description="Memory for the resident sample that mini-batches are drawn from; a larger "
        "source refreshes it every epoch.",
    )
    start_from: str | None = Field(
        default=None,
        description="Codec directory whose network training goes on from, for data that has "
        "drifted; of the same columns, whose standardisation and shape it keeps.",
    )
    checkpoint_s: float = Field(
        default=20.0, ge=0, description="Seconds between checkpoints that a killed fit resumes."
    )
    seed: int = Field(default=0, ge=0, description="Same seed, source and machine: same codec.")

    @field_validator("start_from")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        return local_path(path)
