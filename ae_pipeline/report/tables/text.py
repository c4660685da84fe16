"""Tables as plain text, for a Python session."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from ae_pipeline.escaping import visible
from ae_pipeline.report.tables.table import Table, format_cell

#: Characters of a note's line, and of a cell's.
_WIDTH, _CELL_WIDTH = 100, 60
_BETWEEN = "  "


def to_text(table: Table) -> str:
    """The title, aligned columns under a rule, and the note; no line ends in a space."""
    cells = [[format_cell(cell) for cell in row] for row in table.all_rows]
    rows = [_folded(row) for row in ([visible(heading) for heading in table.headings], *cells)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    rule = [["-" * width] for width in widths]
    lines = [line for row in (rows[0], rule, *rows[1:]) for line in _lines(row, widths)]
    note = textwrap.fill(visible(table.note), _WIDTH)
    return "\n".join(part for part in (visible(table.title), *lines, note) if part)


def _folded(cells: Sequence[str]) -> list[list[str]]:
    """The lines of each cell; a sentence takes several."""
    return [textwrap.wrap(cell, _CELL_WIDTH) or [""] for cell in cells]


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines))


def _lines(row: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    return [_line(cells, widths) for cells in zip_longest(*row, fillvalue="")]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return _BETWEEN.join((first, *others)).rstrip()
