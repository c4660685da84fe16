"""What a run leaves in Prefect's UI: tables and a summary, under keys that do not change.

The key holds the verb and the dataset's name, so that the history of one dataset is one artifact.
"""

import re
from pathlib import Path

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from ae_pipeline.report import (
    Table,
    byte_table,
    closing_lines,
    column_table,
    failure_lines,
    partition_table,
    report_tables,
    to_markdown,
    to_records,
)
from ae_pipeline.results import DatasetReport

#: A table artifact of tens of thousands of rows exceeds Prefect's event limit.
_MOST_ROWS = 500


def artifact_key(kind: str, dataset: str) -> str:
    """Lower-case letters, digits and dashes: `decode-partitions` of `/data/Sales 2` is
    `decode-partitions-sales-2`.
    """  # noqa: D205
    slug = re.sub(r"[^a-z0-9]+", "-", Path(dataset).name.lower()).strip("-")
    return f"{kind}-{slug or 'dataset'}"


def publish_report(report: DatasetReport, dataset: str) -> None:
    """Tables of partitions, of columns if they were compared, and of bytes, and a summary of all.

    Args:
        report: what the verb found.
        dataset: path whose name the keys hold.
    """
    partitions, columns = partition_table(report), column_table(report)
    publish_table(f"{report.verb}-partitions", dataset, partitions, worst="MSE")
    if columns.rows:
        publish_table(f"{report.verb}-columns", dataset, columns, worst=columns.headings[-2])
    publish_table(f"{report.verb}-bytes", dataset, byte_table(report.bytes))
    lines = [*closing_lines(report), *report.warnings, *failure_lines(report)]
    publish_markdown(report.verb, dataset, report_tables(report), lines)


def publish_table(kind: str, dataset: str, table: Table, worst: str | None = None) -> None:
    """A table artifact; of a long table the first rows, or those with the largest `worst`."""
    shown = _shorten(table, worst)
    create_table_artifact(
        key=artifact_key(kind, dataset),
        table=to_records(shown),
        description=f"{shown.title}. {shown.note}",
    )


def publish_markdown(kind: str, dataset: str, tables: list[Table], lines: list[str]) -> None:
    """A Markdown artifact: tables, then lines such as warnings and failures."""
    parts = [to_markdown(_shorten(table, None)) for table in tables]
    parts += ["\n".join(f"- {line}" for line in lines)] if lines else []
    create_markdown_artifact(key=artifact_key(kind, dataset), markdown="\n\n".join(parts))


def _shorten(table: Table, worst: str | None) -> Table:
    if len(table.rows) <= _MOST_ROWS:
        return table
    rows = list(table.rows)
    if worst in table.headings:
        column = table.headings.index(worst)
        rows.sort(key=lambda row: -float(row[column] or 0))
    return Table(
        title=f"{table.title} ({_MOST_ROWS} of {len(rows)} rows)",
        headings=table.headings,
        rows=tuple(rows[:_MOST_ROWS]),
        footer=table.footer,
        note=table.note,
    )
