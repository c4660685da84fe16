"""Tables as Markdown and HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ae_pipeline.escaping import markdown, visible
from ae_pipeline.report.tables.table import Row, Table, format_cell


def to_markdown(table: Table) -> str:
    """The table in GitHub's Markdown."""
    alignment = tuple("---" if is_text else "--:" for is_text in _text_columns(table))
    cells = [[markdown(format_cell(cell)) for cell in row] for row in table.all_rows]
    headings = [markdown(heading) for heading in table.headings]
    lines = [f"**{markdown(table.title)}**", "", _line(headings), _line(alignment)]
    lines += [_line(row) for row in cells]
    return "\n".join([*lines, "", markdown(table.note)]).rstrip() + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def to_html(table: Table) -> str:
    """The table as an HTML element, its note as a paragraph."""
    sides = ["left" if is_text else "right" for is_text in _text_columns(table)]
    title, note = escape(visible(table.title)), escape(visible(table.note))
    head = _html_row(map(visible, table.headings), sides, "th")
    parts = [f'<table><caption style="text-align: left">{title}</caption><thead>{head}</thead>']
    parts += ["<tbody>", *(_html_cells(row, sides) for row in table.rows), "</tbody>"]
    if table.footer is not None:
        parts.append(f"<tfoot>{_html_cells(table.footer, sides)}</tfoot>")
    return "".join([*parts, "</table>", f"<p>{note}</p>" if note else ""])


def _html_cells(row: Row, sides: Iterable[str]) -> str:
    return _html_row(map(format_cell, row), sides, "td")


def _html_row(texts: Iterable[str], sides: Iterable[str], tag: str) -> str:
    cells = (
        f'<{tag} style="text-align: {side}">{escape(text)}</{tag}>'
        for text, side in zip(texts, sides, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _text_columns(table: Table) -> list[bool]:
    """Whether a column is aligned as text: the first, and those without numbers."""
    columns = range(len(table.headings))
    return [n == 0 or all(isinstance(row[n], str) for row in table.rows) for n in columns]
