"""Fidelity of each column in a dataset's report, from the fit or measured now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import get_args

from ae_pipeline.coding import Promise
from ae_pipeline.columns import ErrorMetrics, Fidelity, Verdict, verdict_of
from ae_pipeline.errors import listing
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.fragments.compare import feature_numbers
from ae_pipeline.results.dataset import PartitionReport
from ae_pipeline.results.fidelity import ColumnFidelity

#: Fewer values say nothing about their column.
_LEAST_VALUES = 8
_LEAST_R2 = 0.1
#: From good to bad.
_VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def dataset_fidelity(
    formats: Sequence[FragmentFormat],
    columns: Collection[str] | None,
    measured: Sequence[ErrorMetrics],
) -> tuple[ColumnFidelity, ...]:
    """Return the fidelity of an archive's chosen columns; none for features: they promise nothing.

    Args:
        formats: formats in use; a column counts as its coarsest codec leaves it.
        columns: columns that were decoded, or None for all.
        measured: errors of these columns, which decide if values were compared.
    """
    told = [found for format in formats if (found := format.fidelity())]
    if not told:
        return ()
    numbers = feature_numbers(formats[0], columns)
    worst = [max((own[number] for own in told), key=_badness) for number in numbers]
    if not measured:
        return tuple(worst)
    return tuple(_as_measured(*pair) for pair in zip(worst, measured, strict=True))


def partition_warnings(
    partitions: Iterable[PartitionReport],
    features: Sequence[str],
    fidelity: Iterable[ColumnFidelity],
) -> tuple[str, ...]:
    """Return a sentence for each partition whose compared values show lost columns.

    Args:
        partitions: partitions of the dataset.
        features: column names of their metrics.
        fidelity: fidelity of the whole dataset; columns flattened there are left out here.
    """
    known = {column.name for column in fidelity if column.is_flattened}
    return tuple(
        f"{one.partition}: hardly anything is left of {listing(lost)}"
        for one in partitions
        if (lost := _lost(one, features, known))
    )


def is_lost(metrics: ErrorMetrics) -> bool:
    """Return whether a partition's column is lost: its mean would say as much as its values.

    The guard asks more of a whole table, because a part may well vary less than the whole.
    """
    return metrics.count >= _LEAST_VALUES and share_kept(metrics) < _LEAST_R2


def share_kept(metrics: ErrorMetrics) -> float:
    """Return the smaller of both shares of variance kept; 1 for a column that does not vary."""
    shares = [share for share in (metrics.r2, metrics.r2_bulk) if share is not None]
    return max(min(shares, default=1.0), 0.0)


def _lost(partition: PartitionReport, features: Sequence[str], known: Collection[str]) -> list[str]:
    measured = zip(features, partition.column_metrics, strict=False)
    return [
        f"{name} (R2 {share_kept(one):.2f})"
        for name, one in measured
        if name not in known and is_lost(one)
    ]


def _badness(column: ColumnFidelity) -> int:
    return -1 if column.found is None else _VERDICTS.index(column.found.verdict)


def _as_measured(column: ColumnFidelity, measured: ErrorMetrics) -> ColumnFidelity:
    """Return the column with its measured shares and the worse of both verdicts."""
    at_best: Verdict = "exact" if column.promise == str(Promise()) else "kept"
    found = column.found or Fidelity(None, None, None, None, None, at_best)
    verdict = found.verdict
    if measured.max_error > 0:
        verdict = max(verdict, verdict_of(measured.r2, measured.r2_bulk), key=_VERDICTS.index)
    found = replace(found, r2=measured.r2, r2_bulk=measured.r2_bulk, verdict=verdict)
    return replace(column, found=found)
