"""What became of a dataset: of its fragments, its partitions, and all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ae_pipeline.columns import ErrorMetrics, ErrorSums
from ae_pipeline.results.account import ByteAccount, StoredBytes
from ae_pipeline.results.fidelity import ColumnFidelity

State = Literal["written", "current"]


@dataclass(frozen=True)
class Proof:
    """The very files that were compared: SHA-256 of all their bytes, before and after."""

    source_sha256: str
    archive_sha256: str


@dataclass(frozen=True)
class FragmentFailure:
    """A fragment that could not be done, and why.

    Args:
        relative: path below the dataset's root.
        message: what happened.
        is_retriable: I/O trouble.
        is_damage: of what was read, or of a promise; another attempt to read it fails alike.
    """

    relative: str
    message: str
    is_retriable: bool
    is_damage: bool = False

    def __str__(self) -> str:
        """One line that names the fragment, once."""
        if self.relative in self.message:
            return self.message
        return f"{self.relative}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class FragmentResult(StoredBytes):
    """One fragment, encoded or decoded, and its bytes.

    Args:
        relative: path below the dataset's root.
        partition: its folders.
        state: written now, or current already.
        n_rows: rows that were encoded or decoded.
        decoded_bytes: the reconstructed file; 0 when encoding.
        warnings: what the reader should know, one sentence each.
        errors: error sums per feature column, if the source was compared.
        proof: which files were compared, where that decides on a deletion.
    """

    relative: str
    partition: str
    state: State
    n_rows: int
    decoded_bytes: int = 0
    warnings: tuple[str, ...] = ()
    errors: ErrorSums | None = None
    proof: Proof | None = None


@dataclass(frozen=True, kw_only=True)
class PartitionReport(StoredBytes):
    """All fragments of one partition together; `metrics` are standardised."""

    partition: str
    n_fragments: int
    n_rows: int
    decoded_bytes: int = 0
    metrics: ErrorMetrics | None = None
    column_metrics: tuple[ErrorMetrics, ...] = ()
    standardized_column_metrics: tuple[ErrorMetrics, ...] = ()


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
        fragments: one result each, in order, without their error sums.
        bytes: where the bytes of the encoded dataset lie.
        n_written: fragments written now; the others were current.
        failures: fragments that could not be done.
        warnings: what the reader should know.
        seconds: wall time.
        is_partial: only a selection of the dataset was read.
        fidelity: what an archive's promise leaves of each feature column.
    """

    verb: Literal["encode", "decode", "verify"]
    source: str
    destination: str
    codec_ids: tuple[str, ...]
    features: tuple[str, ...]
    partitions: tuple[PartitionReport, ...]
    total: PartitionReport
    fragments: tuple[FragmentResult, ...]
    bytes: ByteAccount
    n_written: int
    failures: tuple[FragmentFailure, ...]
    warnings: tuple[str, ...]
    seconds: float
    is_partial: bool = False
    fidelity: tuple[ColumnFidelity, ...] = ()

    @property
    def flattened(self) -> tuple[ColumnFidelity, ...]:
        """Columns of which the promise leaves next to nothing."""
        return tuple(column for column in self.fidelity if column.is_flattened)
