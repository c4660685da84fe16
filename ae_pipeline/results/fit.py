"""Outcome of a fit."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.dataset import State
from ae_pipeline.results.result import Result


@dataclass(frozen=True)
class EpochRecord:
    """One line of a training history; losses are standardised, epoch 0 is the start."""

    epoch: int
    steps: int
    train_loss: float
    validation_loss: float
    seconds: float


@dataclass(frozen=True)
class TrainingSummary:
    """Outcome of training.

    Args:
        epochs: epochs run.
        steps: mini-batches run.
        stop_reason: diverged, threshold, patience, steps or epochs.
        best_epoch: epoch whose weights were kept; 0 is the initial state.
        start_loss: validation loss before the first step.
        validation_loss: validation loss of the kept weights.
    """

    epochs: int
    steps: int
    stop_reason: str
    best_epoch: int
    start_loss: float
    validation_loss: float


@dataclass(frozen=True)
class Candidate:
    """One way to encode a source, as measured by the planner.

    Args:
        name: method.
        payload_bytes: all encoded blocks of the source, extrapolated from a sample.
        model_bytes: its predictor and networks.
        seconds: wall time to fit and measure it.
        is_chosen: whether the planner chose it.
    """

    name: str
    payload_bytes: int
    model_bytes: int
    seconds: float
    is_chosen: bool


@dataclass(frozen=True)
class ColumnCost:
    """Bytes of one column of an archive, extrapolated from a sample when its codec was fitted.

    Args:
        name: column name.
        way: how it is coded, in a few words.
        plain_bytes: as plain Parquet.
        coded_bytes: in blocks.
        model_bytes: its part of the model; 0 if it is kept.
        is_coded: whether it is coded; otherwise kept as plain Parquet.
        n_needed: other columns that a reader of this one decodes with it, at most.
    """

    name: str
    way: str
    plain_bytes: int
    coded_bytes: int
    model_bytes: int
    is_coded: bool
    n_needed: int = 0

    @property
    def taken_bytes(self) -> int:
        """Bytes as the column is stored, its part of the model counted."""
        return self.coded_bytes + self.model_bytes if self.is_coded else self.plain_bytes


@dataclass(frozen=True)
class WayRecord:
    """The smallest ways to store one stream of a block, measured when its codec was fitted.

    Args:
        first: method of the smallest way, by its number in a block; None if no block had values.
        size: its bytes per 1,000 values.
        second: method of the next one; None if there is no other.
        second_size: its bytes per 1,000 values.
        quick: method of one that takes less time and few bytes more; None if there is no such.
        quick_size: its bytes per 1,000 values.
    """

    first: int | None
    size: int = 0
    second: int | None = None
    second_size: int = 0
    quick: int | None = None
    quick_size: int = 0


@dataclass(frozen=True)
class RareColumn:
    """A feature column whose rare values features lose; `str` is the warning.

    Args:
        name: column name.
        value: usual value of the column; None if it had no finite value at fit time.
        n_rows: rows with a finite value.
        n_rare: rows with any other value.
        n_restored: rare rows that decode nearer to their own value than to the usual one.
    """

    name: str
    value: float | None
    n_rows: int
    n_rare: int
    n_restored: int

    def __str__(self) -> str:
        usual = "a missing value" if self.value is None else f"{self.value:.6g}"
        return (
            f"column {self.name}: {self.n_rare:,} of {self.n_rows:,} rows differ from {usual}, and "
            f"{self.n_restored:,} of them come back as such from features: keep it exactly with "
            "columns.keep"
        )


@dataclass(frozen=True)
class LatentRecord:
    """The cost of rounding latents, measured on a sample when their codec was fitted.

    Args:
        bits: mean entropy of a latent's number.
        mse: mean squared error of reconstruction with exact latents, in standardised units.
        mse_growth: share by which rounding increases it.
    """

    bits: float
    mse: float
    mse_growth: float

    @property
    def mse_rounded(self) -> float:
        """Mean squared error with rounded latents."""
        return self.mse * (1 + self.mse_growth)


@dataclass(frozen=True, repr=False)
class FitResult(Result):
    """A codec that was fitted now or was already current."""

    codec_id: str
    directory: str
    state: State
    n_rows: int
    n_features: int
    n_constant: int
    latent_dim: int
    n_parameters: int
    training: TrainingSummary
    seconds: float
    warnings: tuple[str, ...] = ()
