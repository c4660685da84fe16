"""Outcome of encode, decode or verify: per fragment, per partition, and for the whole dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ae_pipeline.columns import ErrorMetrics, ErrorSums
from ae_pipeline.results.account import ByteAccount, StoredBytes
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.result import Result
from ae_pipeline.store import Entry

State = Literal["written", "current"]


@dataclass(frozen=True)
class Proof:
    """Identity of the files that were compared: SHA-256 of their bytes, before and after.

    Args:
        source_sha256: of the source.
        archive_sha256: of the archive file.
        source_version: of the source, if it is an object.
        archive_version: of the archive file, if it is an object.
    """

    source_sha256: str
    archive_sha256: str
    source_version: Entry | None = None
    archive_version: Entry | None = None


@dataclass(frozen=True)
class FragmentFailure:
    """A fragment that failed, and why.

    Args:
        relative: path below the dataset's root.
        message: one line.
        is_retriable: an I/O error; another attempt may succeed.
        is_damage: the file is damaged or breaks its promise; another attempt fails the same way.
    """

    relative: str
    message: str
    is_retriable: bool
    is_damage: bool = False

    def __str__(self) -> str:
        """One line that names the fragment once."""
        if self.relative in self.message:
            return self.message
        return f"{self.relative}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class FragmentResult(StoredBytes):
    """One fragment, encoded or decoded, and its sizes.

    Args:
        relative: path below the dataset's root.
        partition: path of its folder below the root.
        state: written now, or already current.
        n_rows: rows that were encoded or decoded.
        decoded_bytes: size of the reconstructed file; 0 when encoding.
        warnings: one sentence each.
        errors: error sums per feature column; None unless compared with the source.
        proof: identity of the files compared; None unless a deletion depends on it.
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
    """Totals of one partition; `metrics` are standardised."""

    partition: str
    n_fragments: int
    n_rows: int
    decoded_bytes: int = 0
    metrics: ErrorMetrics | None = None
    column_metrics: tuple[ErrorMetrics, ...] = ()
    standardized_column_metrics: tuple[ErrorMetrics, ...] = ()


@dataclass(frozen=True, repr=False)
class DatasetReport(Result):
    """Outcome of encode, decode or verify over a dataset.

    Args:
        verb: the verb.
        source: path of the dataset that was read; for decode and verify the encoded one.
        destination: path of the dataset that was written; None for verify, which writes none.
        codec_ids: codecs in use.
        features: names of the feature columns, in the order of column metrics.
        partitions: one report each, in order.
        total: totals of all partitions.
        fragments: one result each, in order, without error sums.
        bytes: where the bytes of the encoded dataset lie.
        n_written: fragments written now; the others were already current.
        failures: fragments that failed.
        warnings: one sentence each.
        seconds: wall time.
        is_partial: only a selection of the dataset was read.
        fidelity: how much of each feature column the archive's promise preserves.
        compared_with: path of the source that decoded values were compared with; None without one.
    """

    verb: Literal["encode", "decode", "verify"]
    source: str
    destination: str | None
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
    compared_with: str | None = None

    @property
    def flattened(self) -> tuple[ColumnFidelity, ...]:
        """Columns that the promise flattens: next to nothing of them is left."""
        return tuple(column for column in self.fidelity if column.is_flattened)
