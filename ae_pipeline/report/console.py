"""Tables in the terminal."""

from __future__ import annotations

import rich.table
from rich import box
from rich.console import Console
from rich.markup import escape

from ae_pipeline.report.table import Table, format_cell

#: Tables of so few columns may hold sentences.
_FEW_COLUMNS = 2


def render(table: Table, console: Console) -> None:
    """Print a table; fits 80 columns where its text does."""
    grid = rich.table.Table(
        title=escape(table.title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_footer=table.footer is not None,
    )
    for index, heading in enumerate(table.headings):
        # Words may take two lines, a number never does.
        grid.add_column(
            heading if index == 0 else heading.replace(" ", "\n"),
            footer=escape(format_cell(table.footer[index])) if table.footer else "",
            justify="left" if index == 0 else "right",
            overflow="fold",
            no_wrap=index > 0 and len(table.headings) > _FEW_COLUMNS and _has_numbers(table, index),
        )
    for row in table.rows:
        grid.add_row(*(escape(format_cell(cell)) for cell in row))
    console.print(grid)
    if table.note:
        console.print(escape(table.note), style="dim", highlight=False)
        console.print()


def _has_numbers(table: Table, index: int) -> bool:
    return any(not isinstance(row[index], str) for row in table.rows)
