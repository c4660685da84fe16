"""A reconstruction beside its source, row for row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from ae_pipeline.blocks import Block, records_to_block
from ae_pipeline.errors import (
    CorruptFragmentError,
    DestinationOverlapError,
    PromiseBrokenError,
    SourceChangedError,
    SourceNotFoundError,
)
from ae_pipeline.metrics import ErrorSums, measure_errors
from ae_pipeline.source import Fragment, fingerprint, read_records, rebatch
from ae_pipeline.storage import Footer


def find_original(source: str | None, footer: Footer, fragment: Fragment) -> Fragment | None:
    """The source fragment to compare with, once it proved to be the one that was encoded.

    Raises:
        SourceNotFoundError: the source has no such fragment.
        SourceChangedError: it was rewritten since.
    """
    if source is None:
        return None
    path = Path(source) / fragment.relative
    if not path.is_file():
        raise SourceNotFoundError(
            "source has no such fragment",
            where=str(path),
            remedy="decode without --source, or restore it",
        )
    original = Fragment(path, fragment.relative, path.stat().st_size)
    if fingerprint(original) != footer.source_fingerprint:
        raise SourceChangedError(
            "source changed since it was encoded",
            where=str(path),
            remedy="encode it again, or decode without --source",
        )
    return original


def spare_source(path: Path, footer: Footer, fragment: Fragment) -> None:
    """Raise `DestinationOverlapError` if the source itself lies where its decoding would go."""
    if not path.is_file():
        return
    there = Fragment(path, fragment.relative, path.stat().st_size)
    if fingerprint(there) == footer.source_fingerprint:
        raise DestinationOverlapError(
            "this is the source it was encoded from",
            where=str(path),
            remedy="decode to another folder",
        )


def paired(
    decoded: Iterable[pa.RecordBatch], original: Fragment, n_rows: int
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Reconstruction and source in batches of the same `n_rows` rows.

    Raises:
        CorruptFragmentError: they have different numbers of rows.
    """
    truth = rebatch(read_records(original, n_rows), n_rows)
    for ours, theirs in zip_longest(rebatch(decoded, n_rows), truth):
        if ours is None or theirs is None or len(ours) != len(theirs):
            raise CorruptFragmentError(
                "row count differs from the source",
                where=original.relative,
                remedy="encode it again",
            )
        yield ours, theirs


def check_kept(
    records: pa.RecordBatch, truth: pa.RecordBatch, kept: Sequence[str], where: str
) -> None:
    """Raise `PromiseBrokenError` if a kept column is not what the source has."""
    for name in kept:
        ours, theirs = records.column(name), truth.column(name)
        # `equals` takes NaN for different from itself; the text of both settles it.
        if not (ours.equals(theirs) or repr(ours.to_pylist()) == repr(theirs.to_pylist())):
            raise PromiseBrokenError(
                "kept column differs from the source",
                where=f"{where}, column {name}",
                remedy="encode the fragment again and report this",
            )


def record_errors(
    records: pa.RecordBatch, truth: pa.RecordBatch, features: Sequence[str]
) -> ErrorSums:
    """Errors of what was written, after its cast to the source type."""
    ours, theirs = records_to_block(records, features), records_to_block(truth, features)
    n_mismatched = (_reasons(ours) != _reasons(theirs)).sum(axis=1)
    return measure_errors(theirs.values, ours.values, n_mismatched)


def _reasons(block: Block) -> UInt8[np.ndarray, "features rows"]:
    return np.zeros(block.values.shape, np.uint8) if block.missing is None else block.missing
