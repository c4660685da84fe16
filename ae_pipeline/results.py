"""What the verbs report: small frozen records that pass between tasks and into reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ae_pipeline.metrics import ErrorMetrics, ErrorSums

State = Literal["written", "current"]


@dataclass(frozen=True)
class ProgressEvent:
    """`done` of `total` units of a stage, and a word on the latest."""

    stage: str
    done: int
    total: int
    detail: str = ""


Progress: TypeAlias = Callable[[ProgressEvent], None]


def silent(event: ProgressEvent) -> None:
    """A `Progress` that tells nobody."""


@dataclass(frozen=True)
class FragmentFailure:
    """A fragment that could not be done, and why; `is_retriable` for I/O trouble only."""

    relative: str
    message: str
    is_retriable: bool

    def __str__(self) -> str:
        """One line that names the fragment, once."""
        if self.relative in self.message:
            return self.message
        return f"{self.relative}: {self.message}"


@dataclass(frozen=True)
class FragmentResult:
    """One fragment, encoded or decoded.

    Args:
        relative: path below the dataset's root.
        partition: its folders.
        state: written now, or current already.
        n_rows: rows in it.
        source_bytes: the source file as stored.
        encoded_bytes: the features or archive file as stored.
        payload_bytes: what stands for the feature columns in it: latents, or blocks.
        decoded_bytes: the reconstructed file; 0 when encoding.
        warnings: what the reader should know, one sentence each.
        errors: error sums per feature column, if the source was compared.
        ledger: bytes of the blocks by part; empty for features.
    """

    relative: str
    partition: str
    state: State
    n_rows: int
    source_bytes: int
    encoded_bytes: int
    payload_bytes: int
    decoded_bytes: int = 0
    warnings: tuple[str, ...] = ()
    errors: ErrorSums | None = None
    ledger: dict[str, int] = field(default_factory=dict)


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


@dataclass(frozen=True)
class PartitionReport:
    """All fragments of one partition together; `metrics` are standardised."""

    partition: str
    n_fragments: int
    n_rows: int
    source_bytes: int
    encoded_bytes: int
    payload_bytes: int
    decoded_bytes: int
    metrics: ErrorMetrics | None = None
    column_metrics: tuple[ErrorMetrics, ...] = ()
    standardized_column_metrics: tuple[ErrorMetrics, ...] = ()
    ledger: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetReport:
    """Outcome of encode or decode over a dataset.

    Args:
        verb: what was done.
        source: dataset it was read from.
        destination: dataset that was written.
        codec_ids: codecs in use.
        features: names of the feature columns, the order of column metrics.
        partitions: one report each, in order.
        total: all of them together.
        n_written: fragments written now; the others were current.
        failures: fragments that could not be done.
        warnings: what the reader should know.
        seconds: wall time.
    """

    verb: Literal["encode", "decode", "verify"]
    source: str
    destination: str
    codec_ids: tuple[str, ...]
    features: tuple[str, ...]
    partitions: tuple[PartitionReport, ...]
    total: PartitionReport
    n_written: int
    failures: tuple[FragmentFailure, ...]
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class InspectedColumn:
    """One column of an inspected schema; statistics only where a codec knows them."""

    name: str
    type: str
    role: str
    center: float | None = None
    std: float | None = None


@dataclass(frozen=True)
class Inspection:
    """What was found at a path: a source, a codec, or one of our datasets."""

    kind: str
    path: str
    facts: dict[str, str | int | float]
    columns: tuple[InspectedColumn, ...]
