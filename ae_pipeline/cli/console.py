"""Tables in a terminal: styled, and folded to its width."""

from __future__ import annotations

import re
from collections.abc import Iterable

import rich.table
from rich import box
from rich.console import Console
from rich.text import Text

from ae_pipeline.escaping import visible
from ae_pipeline.report.tables.table import Table, format_cell

#: Tables with at most this many columns may hold sentences.
_FEW_COLUMNS = 2
#: Least width of a column of words, and the space between two columns.
_NARROW, _AROUND = 12, 2


def render(table: Table, console: Console) -> None:
    """Print a table; it fits into 80 columns if its words do."""
    grid = rich.table.Table(
        title=Text(visible(table.title)),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_footer=table.footer is not None,
    )
    rooms = _rooms(table, console.width)
    rows = [
        [_fold(format_cell(row[n]), rooms.get(n)) for n in range(len(row))] for row in table.rows
    ]
    for index, heading in enumerate(table.headings):
        grid.add_column(
            Text(visible(heading) if index == 0 else visible(heading).replace(" ", "\n")),
            footer=Text(format_cell(table.footer[index])) if table.footer else "",
            justify="left" if index == 0 else "right",
            overflow="fold",
            no_wrap=index in rooms and _longest(row[index] for row in rows) <= rooms[index],
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    console.print(grid)
    if table.note:
        console.print(Text(visible(table.note)), style="dim")
        console.print()


def _rooms(table: Table, width: int) -> dict[int, int]:
    """Widths of the columns that the terminal must not fold: numbers, then names from the left.

    Sentences may take several lines; they always keep a little of the width.
    """
    columns = range(len(table.headings))
    is_long = len(columns) > _FEW_COLUMNS
    needed = [_needed(table, index) for index in columns]
    rooms = {n: needed[n] for n in columns if n and is_long and _has_numbers(table, n)}
    least = sum(rooms.get(n, min(needed[n], _NARROW)) for n in columns)
    left = width - _AROUND * len(columns) - least
    for n in (n for n in columns if n not in rooms and _has_names(table, n) and left >= 0):
        rooms[n] = min(needed[n], _NARROW + left)
        left -= max(0, rooms[n] - _NARROW)
    return rooms


def _longest(cells: Iterable[str]) -> int:
    return max((len(line) for cell in cells for line in cell.split("\n")), default=0)


def _fold(text: str, room: int | None) -> str:
    """A name in lines of at most `room` characters, broken after `_` and `/` where it can be."""
    lines = [""]
    for part in re.findall(r"[^_/]*[_/]|[^_/]+", text) if room is not None else [text]:
        if lines[-1] and len(lines[-1]) + len(part) > (room or 0):
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _needed(table: Table, index: int) -> int:
    """Width of the longest cell or the longest word of the heading."""
    heading = table.headings[index]
    words = [heading] if index == 0 else heading.split()
    return max(map(len, [*words, *(format_cell(row[index]) for row in table.all_rows)]), default=0)


def _has_names(table: Table, index: int) -> bool:
    return not any(" " in format_cell(row[index]) for row in table.rows)


def _has_numbers(table: Table, index: int) -> bool:
    return any(not isinstance(row[index], str) for row in table.rows)
