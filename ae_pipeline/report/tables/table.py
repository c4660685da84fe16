"""A table without a medium."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ae_pipeline.escaping import visible

Cell = str | int | float | None
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Headings and rows; the first column is text, the others are right-aligned.

    Args:
        title: one line above the table.
        headings: one per column.
        rows: cells, numbers as numbers.
        footer: a last row of totals, or None.
        note: meaning of the columns, below the table.
        worst: heading of the column whose largest values stay when rows are cut; empty keeps the
            first rows.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    footer: Row | None = None
    note: str = ""
    worst: str = ""

    @property
    def all_rows(self) -> tuple[Row, ...]:
        """Rows, including the footer."""
        return self.rows if self.footer is None else (*self.rows, self.footer)

    def shortened(self, most_rows: int) -> Table:
        """At most `most_rows` rows, the worst of them if the table names a column for that."""
        if len(self.rows) <= most_rows:
            return self
        return replace(
            self,
            title=f"{self.title} ({most_rows} of {len(self.rows)} rows)",
            rows=tuple(self._worst_first()[:most_rows]),
        )

    def _worst_first(self) -> list[Row]:
        if self.worst not in self.headings:
            return list(self.rows)
        column = self.headings.index(self.worst)
        return sorted(self.rows, key=lambda row: _badness(row[column]), reverse=True)


def _badness(cell: Cell) -> float:
    """A cell without a measure belongs to a failure, which is worse than any measure."""
    return math.inf if cell is None else float(cell or 0)


def format_cell(cell: Cell) -> str:
    """Counts with thousands separators, measures with four digits, text with escapes."""
    if cell is None:
        return "-"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return visible(cell)
