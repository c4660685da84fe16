"""Errors of each column in each partition: measured now, or as a decode has stored them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # Any: a row of a Parquet table

from ae_pipeline.dataset import Fragment, open_fragment
from ae_pipeline.results.dataset import DatasetReport, PartitionReport

_TOTAL = "total"


@dataclass(frozen=True)
class Measured:
    """Errors of one column in one partition, or in all of them.

    Args:
        partition: path of its folder.
        column: name of a feature column.
        n_rows: rows of the partition.
        n_compared: values that were compared, those that are finite.
        rmse: in source units.
        max_error: in source units.
        to_tolerance: largest error over the promised one; None where nothing is promised.
        mse: in units of the column's variance.
        r2: share of the variance kept; None where nothing varies.
        r2_bulk: the same, of the values of which least is kept; None likewise.
    """

    partition: str
    column: str
    n_rows: int
    n_compared: int
    rmse: float
    max_error: float
    to_tolerance: float | None
    mse: float
    r2: float | None
    r2_bulk: float | None

    @property
    def lost(self) -> float | None:
        """The larger share of the variance that is lost, at most 1; None where nothing varies."""
        shares = [share for share in (self.r2, self.r2_bulk) if share is not None]
        return 1.0 - max(min(shares), 0.0) if shares else None


@dataclass(frozen=True)
class Errors:
    """Errors of a dataset.

    Args:
        parts: one per partition and column, in order.
        totals: one per column.
    """

    parts: tuple[Measured, ...]
    totals: tuple[Measured, ...]

    @property
    def columns(self) -> tuple[Measured, ...]:
        """The totals, the worst column first."""
        return tuple(sorted(self.totals, key=badness))

    @property
    def is_promised(self) -> bool:
        """Whether there is a promise to compare errors with."""
        return any(one.to_tolerance is not None for one in self.totals)


def badness(one: Measured) -> tuple[float, float]:
    """A key that puts the worst first: what keeps least of its variance."""
    return (-(one.lost or 0.0), -one.mse)


def errors_of_report(report: DatasetReport) -> Errors | None:
    """Return what a verification has measured; None if it compared no values."""
    totals = tuple(_of_partition(report.total, report.features))
    if not totals:
        return None
    return Errors(tuple(_of_partitions(report.partitions, report.features)), totals)


def errors_of_table(path: Path) -> Errors | None:
    """Return what a decode has stored, `docs/format.md`, section 3; None if there is no table."""
    if not path.is_file():
        return None
    with open_fragment(Fragment(path, path.name, path.stat().st_size)) as file:
        table = file.read().to_pylist()
    rows = [_of_row(row) for row in table if row.get("accuracy") is None]
    totals = tuple(row for row in rows if row.partition == _TOTAL)
    return Errors(tuple(row for row in rows if row.partition != _TOTAL), totals)


def _of_partitions(
    partitions: Iterable[PartitionReport], features: Iterable[str]
) -> Iterator[Measured]:
    names = list(features)
    for one in partitions:
        yield from _of_partition(one, names)


def _of_partition(one: PartitionReport, features: Iterable[str]) -> Iterator[Measured]:
    scaled = one.standardized_column_metrics
    for name, own, unit in zip(features, one.column_metrics, scaled, strict=False):
        if own.accuracy is not None:
            continue  # categories have no errors of numbers
        yield Measured(
            partition=one.partition,
            column=name,
            n_rows=one.n_rows,
            n_compared=own.count,
            rmse=own.rmse,
            max_error=own.max_error,
            to_tolerance=own.max_error_to_tolerance,
            mse=unit.mse,
            r2=own.r2,
            r2_bulk=own.r2_bulk,
        )


def _of_row(row: dict[str, Any]) -> Measured:
    return Measured(
        partition=row["partition"],
        column=row["column"],
        n_rows=row["n_rows"],
        n_compared=row["n_compared"],
        rmse=row["rmse"],
        max_error=row["max_error"],
        to_tolerance=row["max_error_to_tolerance"],
        mse=row["standardized_mse"],
        r2=row.get("r2"),
        r2_bulk=row.get("r2_bulk"),
    )
