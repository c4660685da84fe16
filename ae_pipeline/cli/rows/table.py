"""Rows as a table in the terminal; on its side where all columns do not fit."""

from __future__ import annotations

import pyarrow as pa
import rich.table
from rich import box
from rich.text import Text

from ae_pipeline.escaping import visible

#: The longest text of a cell, and the space between two columns.
_LONGEST, _AROUND = 32, 2


def row_table(rows: pa.Table, width: int) -> rich.table.Table:
    """Return rows as a table of at most a width.

    Args:
        rows: to show.
        width: of the terminal, in characters.
    """
    headings = [f"{visible(field.name)}" for field in rows.schema]
    kinds = [visible(str(field.type)) for field in rows.schema]
    columns = [[_cell(value) for value in column] for column in rows.columns]
    needed = [
        max(map(len, (heading, *cells)), default=0)
        for heading, cells in zip(headings, columns, strict=True)
    ]
    if sum(needed) + _AROUND * len(needed) <= width:
        return _upright(rows, headings, columns)
    return _sideways(headings, kinds, columns, width)


def _upright(rows: pa.Table, headings: list[str], columns: list[list[str]]) -> rich.table.Table:
    grid = _grid()
    for field, heading in zip(rows.schema, headings, strict=True):
        is_number = pa.types.is_primitive(field.type) and not pa.types.is_temporal(field.type)
        grid.add_column(Text(heading), justify="right" if is_number else "left", no_wrap=True)
    for cells in zip(*columns, strict=True):
        grid.add_row(*map(Text, cells))
    return grid


def _sideways(
    headings: list[str], kinds: list[str], columns: list[list[str]], width: int
) -> rich.table.Table:
    """One line for each column, and as many rows beside each other as fit."""
    grid = _grid()
    left = width - max(map(len, headings)) - max(map(len, kinds)) - 2 * _AROUND
    grid.add_column("column", overflow="fold")
    grid.add_column("type", style="dim", overflow="fold")
    beside = list(zip(*columns, strict=True))
    for number, cells in enumerate(beside, start=1):
        left -= max(map(len, cells)) + _AROUND
        if left < 0 and number > 1:
            beside = beside[: number - 1]
            break
        grid.add_column(f"row {number}", justify="right", overflow="fold")
    for number, (heading, kind) in enumerate(zip(headings, kinds, strict=True)):
        grid.add_row(Text(heading), Text(kind), *(Text(cells[number]) for cells in beside))
    return grid


def _grid() -> rich.table.Table:
    return rich.table.Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))


def _cell(value: pa.Scalar) -> str:
    found = value.as_py() if not isinstance(value, pa.ExtensionScalar) else value.value.as_py()
    if found is None:
        return "null"
    if isinstance(found, float):
        return f"{found:.6g}"
    text = visible(found if isinstance(found, str) else str(found))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
