"""What a run leaves in Prefect's UI: tables and a summary, under keys that do not change.

The key holds the verb and the dataset's name, so that the history of one dataset is one artifact.
"""

import re
from pathlib import Path

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from ae_pipeline.report import Table, to_markdown, to_records

#: A table artifact of tens of thousands of rows exceeds Prefect's event limit.
_MOST_ROWS = 500


def artifact_key(kind: str, dataset: str) -> str:
    """Lower-case letters, digits and dashes: `decode-partitions` of `/data/Sales 2` is
    `decode-partitions-sales-2`.
    """  # noqa: D205
    slug = re.sub(r"[^a-z0-9]+", "-", Path(dataset).name.lower()).strip("-")
    return f"{kind}-{slug or 'dataset'}"


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
