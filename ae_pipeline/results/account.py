"""Where the bytes of an encoded dataset lie, and how many times smaller it is than its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StoredBytes:
    """Every byte of encoded Parquet files, counted once: payload, kept columns, container.

    Args:
        source_bytes: the source's files as stored.
        raw_bytes: the encoded columns uncompressed, as they are in memory.
        encoded_bytes: the encoded Parquet files.
        payload_bytes: the encoded columns in those files; the sum of `ledger`.
        kept_bytes: column chunks of the kept columns.
        container_bytes: the rest of the Parquet files. It may be negative: Parquet compresses
            encoded blocks once more, and the saving is counted here.
        ledger: bytes of the payload by part.
    """

    source_bytes: int
    raw_bytes: int
    encoded_bytes: int
    payload_bytes: int
    kept_bytes: int
    container_bytes: int
    ledger: dict[str, int]

    @classmethod
    def total(cls, files: Iterable[StoredBytes]) -> StoredBytes:
        """The sum over all files."""
        every = list(files)
        ledger: Counter[str] = Counter()
        for file in every:
            ledger.update(file.ledger)
        return StoredBytes(
            source_bytes=sum(file.source_bytes for file in every),
            raw_bytes=sum(file.raw_bytes for file in every),
            encoded_bytes=sum(file.encoded_bytes for file in every),
            payload_bytes=sum(file.payload_bytes for file in every),
            kept_bytes=sum(file.kept_bytes for file in every),
            container_bytes=sum(file.container_bytes for file in every),
            ledger=dict(ledger),
        )


@dataclass(frozen=True)
class Ratios:
    """How many times smaller; None where the divisor is zero.

    Args:
        raw: raw bytes over the payload.
        raw_with_model: the same, with the model added to the payload.
        files: source files over encoded files.
        files_with_model: the same, with the model and everything else in the folder added to the
            encoded files.
    """

    raw: float | None
    raw_with_model: float | None
    files: float | None
    files_with_model: float | None


@dataclass(frozen=True, kw_only=True)
class ByteAccount(StoredBytes):
    """Every byte of a dataset, counted once: its Parquet files, the model, and the rest.

    Args:
        model_bytes: the table model, predictor, decoder and encoder; the sum of `model`.
        other_bytes: schema and grids, training history, markers, reports.
        model: bytes of the model by part, once per dataset.
        ratios: how many times smaller the dataset is.
    """

    model_bytes: int
    other_bytes: int
    model: dict[str, int]
    ratios: Ratios
