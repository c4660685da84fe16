"""Errors of decoded values: per partition, per column, and as a verdict of one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.errors import listing
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure, PartitionReport

_SIGMA_NOTE = (
    "MSE and RMSE: in units of each column's variance and standard deviation, mean over columns."
)
_MAX_NOTE = "max: the largest error, in standard deviations."
_TOLERANCE_NOTE = "max/tol: the largest error over the promised one; at most 1, and 0 is exact."
_LOST_NOTE = "lost: nulls, NaN or infinities that did not come back unchanged."


def partition_table(report: DatasetReport) -> Table:
    """One row per partition: rows, errors if they were measured, bytes of files."""
    note = "Bytes of files as they are stored. ratio: source over encoded, model not counted."
    if _has_errors(report):
        worst = _TOLERANCE_NOTE if _is_promised(report) else _MAX_NOTE
        note = f"{_SIGMA_NOTE} {worst}"
    return Table(
        title=_title(report),
        headings=("partition", "rows", *_error_headings(report), *_byte_headings(report)),
        rows=tuple(_partition_row(partition, report) for partition in report.partitions),
        footer=_partition_row(report.total, report),
        note=note,
        worst=_error_headings(report)[-1] if _has_errors(report) else "",
    )


def column_table(report: DatasetReport) -> Table:
    """One row per column of numbers over all partitions, in source units; empty without errors."""
    total = report.total
    columns = zip(
        report.features, total.column_metrics, total.standardized_column_metrics, strict=False
    )
    is_promised = _is_promised(report)
    last = "max/tol" if is_promised else "MSE/var"
    note = _TOLERANCE_NOTE if is_promised else "MSE/var: MSE in units of the column's variance."
    return Table(
        title="Errors per column, in source units",
        headings=("column", "MSE", "RMSE", "max error", last, "lost"),
        rows=tuple(
            (
                name,
                own.mse,
                own.rmse,
                own.max_error,
                own.max_error_to_tolerance if is_promised else scaled.mse,
                own.n_mismatched,
            )
            for name, own, scaled in columns
            if own.accuracy is None
        ),
        note=f"{note} {_LOST_NOTE}",
        worst=last,
    )


def category_table(report: DatasetReport) -> Table:
    """One row per column of categories over all partitions; empty without errors."""
    columns = zip(report.features, report.total.column_metrics, strict=False)
    return Table(
        title="Categories that came back, per column",
        headings=("column", "accuracy", "macro F1", "wrong", "lost"),
        rows=tuple(
            (name, own.accuracy, own.macro_f1, 1.0 - own.accuracy, own.n_mismatched)
            for name, own in columns
            if own.accuracy is not None
        ),
        note="accuracy: share of the rows with the source's value; wrong: the other rows. macro "
        "F1: mean over values of the harmonic mean of precision and recall. lost: nulls that did "
        "not come back.",
        worst="wrong",
    )


def verdict(report: DatasetReport) -> str:
    """A sentence or two on whether the promise holds; empty where nothing was promised."""
    if report.failures:
        n_all = len(report.failures) + report.total.n_fragments
        return f"Not in order: {len(report.failures)} of {n_all} fragments failed."
    start = "Of what was selected, every" if report.is_partial else "Every"
    if report.total.metrics is None:
        checked = f"{start} checksum, row count and schema is in order. Values were not compared: "
        return f"{checked}that takes --source." if report.verb == "verify" else ""
    worst = report.total.metrics.max_error_to_tolerance
    has_features = bool(report.features) or report.total.metrics.count > 0
    if worst is None and has_features:
        return ""
    if not worst:
        return f"{start} value is exactly that of the source."
    sentence = (
        f"{start} value is within its promise: the largest error is {100 * worst:.4g} % of its "
        "tolerance. Nulls, NaN, infinities, all other columns and the schema are exact."
    )
    if not report.flattened:
        return sentence
    names = listing([column.name for column in report.flattened])
    return f"{sentence} But the promise leaves next to nothing of {names}."


def dataset_kind(report: DatasetReport) -> str:
    """The encoded dataset in one word: archive or features."""
    return "archive" if has_blocks(report) else "features"


def has_blocks(report: DatasetReport) -> bool:
    """Whether the encoded dataset has blocks, in which every value keeps a promise."""
    return "latents" not in report.total.ledger


def failure_lines(failures: Sequence[FragmentFailure], limit: int = 20) -> list[str]:
    """One line per fragment that failed, at most `limit` of them."""
    lines = [str(failure) for failure in failures[:limit]]
    n_more = len(failures) - limit
    return [*lines, f"... and {n_more} more"] if n_more > 0 else lines


def _title(report: DatasetReport) -> str:
    if report.verb == "verify":
        against = f" against {report.compared_with}" if report.compared_with else ""
        return f"verified {report.source}{against}"
    return f"{report.verb}d {report.source} to {report.destination}"


def _is_promised(report: DatasetReport) -> bool:
    metrics = report.total.metrics
    return metrics is not None and metrics.max_error_to_tolerance is not None


def _has_errors(report: DatasetReport) -> bool:
    """Whether any value could have an error: exact columns are compared bit by bit."""
    metrics = report.total.metrics
    return metrics is not None and metrics.count > 0


def _error_headings(report: DatasetReport) -> tuple[str, ...]:
    if not _has_errors(report):
        return ()
    return ("MSE", "RMSE", "max/tol" if _is_promised(report) else "max")


def _byte_headings(report: DatasetReport) -> tuple[str, ...]:
    """The encoded dataset goes by its kind; errors leave no room for payload and ratio."""
    headings = ("source bytes", f"{dataset_kind(report)} bytes")
    return headings if _has_errors(report) else (*headings, "payload bytes", "ratio")


def _partition_row(partition: PartitionReport, report: DatasetReport) -> tuple[Cell, ...]:
    sizes = (partition.source_bytes, partition.encoded_bytes)
    if not _has_errors(report):
        ratio = partition.source_bytes / max(partition.encoded_bytes, 1)
        return (partition.partition, partition.n_rows, *sizes, partition.payload_bytes, ratio)
    metrics = partition.metrics
    errors: tuple[Cell, ...] = (None, None, None)
    if metrics is not None:
        worst = metrics.max_error_to_tolerance if _is_promised(report) else metrics.max_error
        errors = (metrics.mse, metrics.rmse, worst)
    return (partition.partition, partition.n_rows, *errors, *sizes)
