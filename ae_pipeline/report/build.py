"""Which tables show a result: of a fit, of a dataset, of what a path holds."""

from __future__ import annotations

from ae_pipeline.report.errors import column_table, partition_table, verdict
from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.forecast import plan_table
from ae_pipeline.report.sizes import byte_tables
from ae_pipeline.report.table import Cell, Table
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.fit import FitResult
from ae_pipeline.results.inspection import Inspection


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
    return Table(
        f"Codec in {result.directory}",
        ("", "value"),
        tuple(rows),
        note="Losses: MSE in units of each column's variance, mean over columns.",
    )


def report_tables(report: DatasetReport) -> list[Table]:
    """Partitions, columns if they were compared or something was promised of them, and where the
    bytes lie after encoding.
    """  # noqa: D205
    tables = [partition_table(report)]
    columns = column_table(report)
    if columns.rows:
        tables.append(columns)
    if report.fidelity:
        tables.append(fidelity_table(report.fidelity))
    if report.verb == "encode":
        tables += byte_tables(report.bytes)
    return tables


def closing_lines(report: DatasetReport) -> list[str]:
    """What is said below the tables: the verdict, and how much was written."""
    sentence = verdict(report)
    n_current = report.total.n_fragments - report.n_written
    counts = f"Fragments: {report.n_written:,} written, {n_current:,} current already"
    return [line for line in (sentence, "" if report.verb == "verify" else counts) if line]


def inspection_tables(inspection: Inspection) -> list[Table]:
    """What a path is, where its bytes lie if we wrote it, and its columns."""
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
        note="center, std and what a value is within: in units of the column.",
    )
    sizes = [] if inspection.bytes is None else byte_tables(inspection.bytes)
    plan = [plan_table(inspection.plan)] if inspection.plan else []
    kept = [_kept_table(inspection)] if inspection.fidelity else []
    return [facts, *sizes, *plan, columns, *kept]


def _kept_table(inspection: Inspection) -> Table:
    if inspection.kind == "source":
        title = "What columns would keep in an archive with the default tolerance"
        return fidelity_table(inspection.fidelity, title)
    return fidelity_table(inspection.fidelity)
