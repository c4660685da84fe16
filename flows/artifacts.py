"""What a run leaves in Prefect's UI: tables and a summary, under keys that do not change.

The key holds the verb, the dataset's name and a digest of its place, so that the history of one
dataset is one artifact, and no other dataset's.
"""

import math
import time
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from ae_pipeline.escaping import markdown, markdown_item
from ae_pipeline.report.backfill import fragment_table, state_table
from ae_pipeline.report.build import closing_lines, report_tables
from ae_pipeline.report.errors import column_table, failure_lines
from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.sizes import byte_table
from ae_pipeline.report.table import Table, to_markdown, to_records
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.dataset import DatasetReport
from flows.names import slug
from flows.partitions import run_table

#: A table artifact of tens of thousands of rows exceeds Prefect's event limit.
_MOST_ROWS = 500
#: An update costs about 15 ms, and nobody looks more often.
_SECONDS_BETWEEN_UPDATES = 2.0


def artifact_key(kind: str, dataset: str) -> str:
    """Lower-case letters, digits and dashes: `decode-bytes` of `/data/Sales 2` is
    `decode-bytes-sales-2-` and six digits.
    """  # noqa: D205
    return f"{kind}-{slug(dataset)}"


def publish_report(report: DatasetReport, dataset: str, verb: str | None = None) -> None:
    """Tables of partitions, columns and bytes, and a summary of all.

    Args:
        report: what the verb found.
        dataset: path whose name the keys hold.
        verb: that the keys hold; None for the report's own.
    """
    verb = verb or report.verb
    columns = column_table(report)
    publish_table(f"{verb}-partitions", dataset, run_table(report), worst="MSE")
    if columns.rows:
        publish_table(f"{verb}-columns", dataset, columns, worst=columns.headings[-2])
    if report.fidelity:
        publish_table(f"{verb}-fidelity", dataset, fidelity_table(report.fidelity))
    publish_table(f"{verb}-bytes", dataset, byte_table(report.bytes))
    lines = [*closing_lines(report), *report.warnings, *failure_lines(report.failures)]
    publish_markdown(verb, dataset, report_tables(report), lines)


def publish_plan(plan: BackfillPlan, verb: str = "backfill") -> None:
    """Counts and bytes by state, and what is to be done, each fragment with its reason."""
    publish_table(f"{verb}-plan", plan.source, state_table(plan))
    fragments = fragment_table(plan, _MOST_ROWS)
    if fragments.rows:
        publish_table(f"{verb}-fragments", plan.source, fragments)


class BatchProgress:
    """A bar on the run's page, if there is more than one batch to wait for.

    Args:
        verb: that the key holds.
        dataset: path whose name the key holds.
        sizes: fragments in each batch.
    """

    def __init__(self, verb: str, dataset: str, sizes: Sequence[int]) -> None:
        self._sizes = sizes
        self._told = time.monotonic()
        self._artifact: UUID | None = None
        if len(sizes) > 1:
            key = artifact_key(f"{verb}-progress", dataset)
            # Synchronous here, though typed as if it might not be.
            self._artifact = cast(UUID, create_progress_artifact(0.0, key, self._description(0)))

    def finished(self, n_batches: int) -> None:
        """So many of the batches are done; told now and then, and at the end."""
        is_due = time.monotonic() - self._told > _SECONDS_BETWEEN_UPDATES
        if self._artifact is not None and (is_due or n_batches == len(self._sizes)):
            self._told = time.monotonic()
            share = 100 * sum(self._sizes[:n_batches]) / sum(self._sizes)
            update_progress_artifact(self._artifact, share, self._description(n_batches))

    def _description(self, n_batches: int) -> str:
        n_done, n_fragments = sum(self._sizes[:n_batches]), sum(self._sizes)
        return f"{n_done:,} of {n_fragments:,} fragments, {n_batches} of {len(self._sizes)} batches"


def publish_table(kind: str, dataset: str, table: Table, worst: str | None = None) -> None:
    """A table artifact; of a long table the first rows, or those with the largest `worst`."""
    shown = _shorten(table, worst)
    create_table_artifact(
        key=artifact_key(kind, dataset),
        table=to_records(shown),
        description=markdown(f"{shown.title}. {shown.note}".strip()),
    )


def publish_markdown(kind: str, dataset: str, tables: list[Table], lines: list[str]) -> None:
    """A Markdown artifact: tables, then lines such as warnings and failures."""
    parts = [to_markdown(_shorten(table, None)) for table in tables]
    parts += ["\n".join(f"- {markdown_item(line)}" for line in lines)] if lines else []
    create_markdown_artifact(key=artifact_key(kind, dataset), markdown="\n\n".join(parts))


def _shorten(table: Table, worst: str | None) -> Table:
    if len(table.rows) <= _MOST_ROWS:
        return table
    rows = list(table.rows)
    if worst in table.headings:
        column = table.headings.index(worst)
        # What has no measure failed, and is worse than any.
        rows.sort(key=lambda row: -math.inf if row[column] is None else -float(row[column] or 0))
    return Table(
        title=f"{table.title} ({_MOST_ROWS} of {len(rows)} rows)",
        headings=table.headings,
        rows=tuple(rows[:_MOST_ROWS]),
        footer=table.footer,
        note=table.note,
    )
