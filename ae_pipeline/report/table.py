"""A table without a medium, and its forms as Markdown, records and JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any  # JSON trees

from ae_pipeline.escaping import markdown, visible

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Headings and rows; the first column is text, the others are right-aligned.

    Args:
        title: one line above it.
        headings: one per column.
        rows: cells, numbers as numbers.
        footer: a last row that sums up, or None.
        note: what the columns mean, below the table.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    footer: tuple[Cell, ...] | None = None
    note: str = ""

    @property
    def all_rows(self) -> tuple[tuple[Cell, ...], ...]:
        """Rows, the footer among them."""
        return self.rows if self.footer is None else (*self.rows, self.footer)


def format_cell(cell: Cell) -> str:
    """Counts with thousands separators, measures with four digits, texts without what acts."""
    if cell is None:
        return "-"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return visible(cell)


def to_markdown(table: Table) -> str:
    """The table in GitHub's Markdown."""
    words = [all(isinstance(row[n], str) for row in table.rows) for n in range(len(table.headings))]
    alignment = tuple("---" if n == 0 or is_text else "--:" for n, is_text in enumerate(words))
    cells = [[markdown(format_cell(cell)) for cell in row] for row in table.all_rows]
    headings = [markdown(heading) for heading in table.headings]
    lines = [f"**{markdown(table.title)}**", "", _line(headings), _line(alignment)]
    lines += [_line(row) for row in cells]
    return "\n".join([*lines, "", markdown(table.note)]).rstrip() + "\n"


def to_records(table: Table) -> list[dict[str, str | int | float | None]]:
    """One dict per row for pages, texts escaped; without NaN or infinities, as JSON wants it."""
    return [dict(zip(table.headings, map(_recorded, row), strict=True)) for row in table.all_rows]


def _recorded(cell: Cell) -> Cell:
    return visible(cell) if isinstance(cell, str) else _finite(cell)


def to_json(result: Any) -> str:
    """A result record as JSON; what is not finite becomes null."""
    return json.dumps(_clean(asdict(result)), indent=2, allow_nan=False)


def _clean(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _clean(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_clean(value) for value in tree]
    return _finite(tree)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
