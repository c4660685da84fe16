"""The artifacts of a run in Prefect's UI: tables and a page, under keys that do not change.

A key holds the verb, the dataset's name and a digest of its path, so that the history of a dataset
is one artifact and belongs to no other dataset.
"""

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
from ae_pipeline.report.errors import failure_lines
from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables.markup import to_markdown
from ae_pipeline.report.tables.records import to_records
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.result import Result

from .names import slug

#: A table artifact of tens of thousands of rows exceeds Prefect's event limit.
_MOST_ROWS = 500
#: Digits of a measure.
_DIGITS = 4
#: Failed fragments that a page lists.
_MOST_FAILURES = 20
#: Seconds between updates: one costs about 15 ms, and nobody looks more often.
_SECONDS_BETWEEN_UPDATES = 2.0


def artifact_key(kind: str, dataset: str) -> str:
    """Return a key of lower-case letters, digits and dashes.

    `decode-bytes` for `/data/Sales 2` is `decode-bytes-sales-2-` and six digits.
    """
    return f"{kind}-{slug(dataset)}"


def publish(result: Result, dataset: str, verb: str) -> None:
    """Publish all artifacts of a result.

    Args:
        result: any result that has a presenter.
        dataset: path whose name the keys hold.
        verb: verb that the keys hold.
    """
    publish_details(result, dataset, verb)
    publish_page(result, dataset, verb)


def publish_details(result: Result, dataset: str, verb: str) -> None:
    """Publish the detailed tables of a result, each under its own key."""
    for name, table in present(result).details().items():
        publish_table(f"{verb}-{name}", dataset, table)


def publish_page(
    result: Result, dataset: str, verb: str, most_failures: int = _MOST_FAILURES
) -> None:
    """Publish the tables, lines, warnings and failures of a result on one page."""
    shown = present(result)
    failures = failure_lines(shown.failures(), most_failures)
    lines = [*shown.lines(), *shown.warnings(), *failures]
    publish_markdown(verb, dataset, shown.tables(), lines, shown.headline())


def publish_table(kind: str, dataset: str, table: Table) -> None:
    """Publish a table artifact; a long table is cut."""
    shown = table.shortened(_MOST_ROWS)
    create_table_artifact(
        key=artifact_key(kind, dataset),
        table=[{name: _rounded(cell) for name, cell in row.items()} for row in to_records(shown)],
        description=markdown(f"{shown.title}. {shown.note}".strip()),
    )


def publish_markdown(
    kind: str, dataset: str, tables: list[Table], lines: list[str], headline: str = ""
) -> None:
    """Publish a Markdown artifact: a headline, tables, then a list of lines."""
    parts = [f"{markdown(headline)}\n"] if headline else []
    parts += [to_markdown(table.shortened(_MOST_ROWS)) for table in tables]
    parts += ["\n".join(f"- {markdown_item(line)}" for line in lines)] if lines else []
    create_markdown_artifact(
        key=artifact_key(kind, dataset),
        markdown="\n\n".join(parts),
        description=markdown(f"Outcome of {kind} on {dataset}."),
    )


def _rounded(cell: Cell) -> Cell:
    """Round a measure to the digits that terminals show: 17 make a column too wide for a page."""
    return float(f"{cell:.{_DIGITS}g}") if isinstance(cell, float) else cell


class BatchProgress:
    """A progress bar on the run's page, if there is more than one batch.

    Args:
        verb: verb that the key holds.
        dataset: path whose name the key holds.
        sizes: fragments in each batch.
    """

    def __init__(self, verb: str, dataset: str, sizes: Sequence[int]) -> None:
        self._sizes = sizes
        self._updated = time.monotonic()
        self._artifact: UUID | None = None
        if len(sizes) > 1:
            key = artifact_key(f"{verb}-progress", dataset)
            # Synchronous here, although its type allows a coroutine.
            self._artifact = cast(UUID, create_progress_artifact(0.0, key, self._description(0)))

    def finished(self, n_batches: int) -> None:
        """Move the bar to `n_batches`, at most every few seconds and at the end."""
        is_due = time.monotonic() - self._updated > _SECONDS_BETWEEN_UPDATES
        if self._artifact is not None and (is_due or n_batches == len(self._sizes)):
            self._updated = time.monotonic()
            share = 100 * sum(self._sizes[:n_batches]) / sum(self._sizes)
            update_progress_artifact(self._artifact, share, self._description(n_batches))

    def _description(self, n_batches: int) -> str:
        n_done, n_fragments = sum(self._sizes[:n_batches]), sum(self._sizes)
        return f"{n_done:,} of {n_fragments:,} fragments, {n_batches} of {len(self._sizes)} batches"
