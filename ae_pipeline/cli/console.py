"""Tables in a terminal: styled, and folded to its width."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import replace

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
#: So few rows more are printed rather than counted.
_SPARED = 2


def render(table: Table, console: Console, most_rows: int | None = None) -> None:
    """Print a table; it fits into 80 columns if its words do.

    Args:
        table: to print.
        console: to print on.
        most_rows: about so many rows are printed, the worst ones if the table knows them, and how
            many more there are; None for all.
    """
    table, n_more = _folded(table, most_rows)
    print_words(console, table.title, "bold")
    grid = rich.table.Table(
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
    if n_more:
        order = f" (the worst {table.worst} first)" if table.worst in table.headings else ""
        print_words(console, f"{_dots(console)} {n_more:,} more, --all shows them{order}")
        console.print()
    if table.note:
        print_words(console, table.note, "dim")
        console.print()


def _folded(table: Table, most_rows: int | None) -> tuple[Table, int]:
    """Return the table with the rows to print, and the number of the others."""
    if most_rows is None or len(table.rows) <= most_rows + _SPARED:
        return table, 0
    short = table.shortened(most_rows)
    return replace(short, title=table.title), len(table.rows) - most_rows


def print_words(console: Console, text: str, style: str = "") -> None:
    """Print a sentence in lines as wide as the terminal; a path that is longer stays whole."""
    lines = textwrap.wrap(
        visible(text), console.width, break_long_words=False, break_on_hyphens=False
    )
    console.print(Text("\n".join(lines)), style=style, soft_wrap=True)


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


def _dots(console: Console) -> str:
    return "…" if console.encoding.startswith("utf") else "..."
