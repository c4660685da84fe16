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
