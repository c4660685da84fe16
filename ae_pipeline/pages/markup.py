"""Parts of the page as HTML: sections, pictures, tables. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ae_pipeline.escaping import visible
from ae_pipeline.pages.cells import UNKNOWN, Cell

#: A table of fewer rows needs no filter.
_FEW_ROWS = 10
#: Letters beyond which a cell of text takes several lines.
_LONG = 34


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Args:
        name: of its anchor: letters and dashes.
        title: its heading.
        lead: what one sees, in a sentence or two.
        body: pictures and tables as HTML.
        is_half: it takes half of a wide page.
    """

    name: str
    title: str
    lead: str
    body: str
    is_half: bool = False


def paragraph(text: str, tone: str = "") -> str:
    """A paragraph; of a tone it stands out."""
    mark = f' class="{tone}"' if tone else ""
    return f"<p{mark}>{escaped(text)}</p>"


def figure(svg: str, caption: str = "") -> str:
    """A picture; on a narrow screen it moves by itself."""
    told = f"<figcaption>{escaped(caption)}</figcaption>" if caption else ""
    return f'<figure><div class="picture">{svg}</div>{told}</figure>'


def side_by_side(parts: Iterable[str]) -> str:
    """Parts beside each other where there is room."""
    return f'<div class="pair">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def tiles(pairs: Iterable[tuple[str, str]]) -> str:
    """Numbers in large type, each above its meaning."""
    items = (f"<div><dd>{escaped(v)}</dd><dt>{escaped(name)}</dt></div>" for name, v in pairs)
    return f'<dl class="tiles">{"".join(items)}</dl>'


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]], note: str) -> str:
    """A table that scripts sort, filter and fold; without them it is whole.

    Columns in which nothing is known are left out.

    Args:
        title: its caption.
        headings: one per column; units stand here or in the cells.
        rows: cells, the most important row first.
        note: meaning of the columns, below it.
    """
    known = [n for n in range(len(headings)) if any(row[n] != UNKNOWN for row in rows)]
    headings, rows = [headings[n] for n in known], [[row[n] for n in known] for row in rows]
    numeric = [all(row[n].is_number for row in rows) for n in range(len(headings))]
    head = "".join(
        f'<th scope="col"{_right(is_number)}>{escaped(heading)}</th>'
        for heading, is_number in zip(headings, numeric, strict=True)
    )
    body = "".join(_row(row) for row in rows)
    box = _filter(title) if len(rows) > _FEW_ROWS else ""
    below = paragraph(note, "note") if note else ""
    return (
        f'<div class="table"><div class="top"><h3>{escaped(title)}</h3>{box}</div>'
        f'<div class="scroll" tabindex="0"><table aria-label="{escaped(title)}"><thead><tr>{head}'
        f"</tr></thead><tbody>{body}</tbody></table></div>{below}</div>"
    )


def escaped(text: str) -> str:
    """Text that is nothing but text, in attributes as well."""
    return escape(visible(text), quote=True)


def _row(row: Sequence[Cell]) -> str:
    return f"<tr>{''.join(map(_cell, row))}</tr>"


def _cell(cell: Cell) -> str:
    shape = "n" if cell.is_number else "long" if len(cell.text) > _LONG else ""
    classes = " ".join(word for word in (shape, cell.tone) if word)
    mark = f' class="{classes}"' if classes else ""
    value = "" if cell.value is None else f' data-v="{cell.value:.17g}"'
    return f"<td{mark}{value}>{escape(cell.text)}</td>"


def _right(is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _filter(title: str) -> str:
    return f'<input type="search" placeholder="filter" aria-label="Filter: {escaped(title)}">'
