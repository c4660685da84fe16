"""Which numbers of a result stand in which table."""

from __future__ import annotations

from ae_pipeline.report.table import Cell, Table
from ae_pipeline.results import DatasetReport, FitResult, Inspection, PartitionReport

_SIGMA_NOTE = "Errors in standard deviations of each column (MSE: mean over columns)."
_BYTES_NOTE = (
    "Bytes: source files; files written by encode; what stands for the feature columns in them."
)


def fit_table(result: FitResult) -> Table:
    """What was fitted and how well."""
    training = result.training
    rows: list[tuple[Cell, ...]] = [
        ("codec", f"{result.codec_id} ({result.state})"),
        ("rows measured", result.n_rows),
        ("feature columns", result.n_features),
        ("of which constant", result.n_constant),
        ("latent_dim", result.latent_dim),
        ("parameters", result.n_parameters),
        ("epochs", training.epochs),
        ("mini-batches", training.steps),
        ("stopped by", training.stop_reason),
        ("validation loss at start", training.start_loss),
        ("validation loss kept", training.validation_loss),
        ("seconds", round(result.seconds, 1)),
    ]
    return Table(f"Codec in {result.directory}", ("", "value"), tuple(rows))


def partition_table(report: DatasetReport) -> Table:
    """One line per partition: rows, errors if they were measured, bytes."""
    errors = () if report.total.metrics is None else ("MSE", "RMSE", "max")
    payload = "blocks" if report.total.ledger else "latents"
    headings = ("partition", "rows", *errors, "bytes in", "bytes out", payload)
    note = f"{_SIGMA_NOTE} {_BYTES_NOTE}" if errors else _BYTES_NOTE
    done = "verified" if report.verb == "verify" else f"{report.verb}d"
    joint = "against" if report.verb == "verify" else "to"
    return Table(
        title=f"{done} {report.source} {joint} {report.destination}",
        headings=headings,
        rows=tuple(_partition_row(partition) for partition in report.partitions),
        footer=_partition_row(report.total),
        note=note,
    )


def column_table(report: DatasetReport) -> Table:
    """One line per feature column over all partitions, in source units; empty without errors."""
    total = report.total
    columns = zip(
        report.features, total.column_metrics, total.standardized_column_metrics, strict=False
    )
    return Table(
        title="Errors per column, in source units",
        headings=("column", "MSE", "RMSE", "MAE", "max", "MSE/var", "lost"),
        rows=tuple(
            (name, own.mse, own.rmse, own.mae, own.max_error, scaled.mse, own.n_mismatched)
            for name, own, scaled in columns
        ),
        note="MSE/var: MSE in units of the column's variance. Lost: nulls, NaN or "
        "infinities that did not come back as they were.",
    )


def failure_lines(report: DatasetReport, limit: int = 20) -> list[str]:
    """One line per fragment that failed, at most `limit` of them."""
    lines = [str(failure) for failure in report.failures[:limit]]
    n_more = len(report.failures) - limit
    return [*lines, f"... and {n_more} more"] if n_more > 0 else lines


def inspection_tables(inspection: Inspection) -> list[Table]:
    """What a path is, and its columns."""
    facts = Table(
        f"{inspection.kind}: {inspection.path}", ("", "value"), tuple(inspection.facts.items())
    )
    columns = Table(
        "Columns",
        ("column", "type", "role", "center", "std"),
        tuple(
            (column.name, column.type, column.role, column.center, column.std)
            for column in inspection.columns
        ),
    )
    return [facts, columns]


def _partition_row(partition: PartitionReport) -> tuple[Cell, ...]:
    metrics = partition.metrics
    errors = () if metrics is None else (metrics.mse, metrics.rmse, metrics.max_error)
    return (
        partition.partition,
        partition.n_rows,
        *errors,
        partition.source_bytes,
        partition.encoded_bytes,
        partition.payload_bytes,
    )
