"""What became of a fit."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.dataset import State


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
    """How training went.

    Args:
        epochs: epochs run.
        steps: mini-batches run.
        stop_reason: diverged, threshold, patience, steps or epochs.
        best_epoch: epoch whose weights were kept; 0 is the start.
        start_loss: validation loss before the first step.
        validation_loss: validation loss of the weights that were kept.
    """

    epochs: int
    steps: int
    stop_reason: str
    best_epoch: int
    start_loss: float
    validation_loss: float


@dataclass(frozen=True)
class Candidate:
    """One way to encode a source that a planner measured.

    Args:
        name: what it is.
        payload_bytes: of all blocks of the source, judged by a sample.
        model_bytes: of its predictor and networks.
        seconds: wall time it took to make and measure.
        is_chosen: whether it won.
    """

    name: str
    payload_bytes: int
    model_bytes: int
    seconds: float
    is_chosen: bool


@dataclass(frozen=True)
class RareColumn:
    """A feature column whose rare values are lost in features; its text tells of it.

    Args:
        name: of the column.
        value: what it has in all other rows; None if it had none when the codec was fitted.
        n_rows: rows with a finite value.
        n_rare: those with another value.
        n_restored: those of them that come back nearer to their value than to the usual one.
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
class FitResult:
    """A codec that was fitted, or was current already."""

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
