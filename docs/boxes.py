"""Steps below each other as an SVG, narrow enough for a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _MARGIN, _PADDING, _GAP = 520, 12, 14, 26
#: Height of a line in parts of the font size; mean width of a character of text, of a cell.
_LINE, _CHARACTER, _CELL_CHARACTER = 1.4, 0.53, 0.62
_NAME, _TEXT, _CELL = 16.0, 14.0, 13.0
_STYLE = """
text { font-family: "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
.name { font-size: 16px; font-weight: 600; fill: #102a43; }
.text { font-size: 14px; fill: #334e68; }
.when { font-size: 12.5px; font-weight: 600; text-anchor: end; }
.cell { font-family: "DejaVu Sans Mono", Menlo, monospace; font-size: 13px; fill: #102a43; }
.field { fill: #ffffff; stroke: #bcccdc; }
.arrow { stroke: #627d98; stroke-width: 2; fill: none; }
.head { fill: #627d98; }
.blue { fill: #e6eef6; } .when.blue { fill: #1d4e89; }
.orange { fill: #ffedd5; } .when.orange { fill: #9a3412; }
.green { fill: #e3f4e8; } .when.green { fill: #1b6b3a; }
"""


@dataclass(frozen=True)
class Step:
    """A box.

    Args:
        name: in bold.
        text: one or two sentences.
        when: a few words at the right of the name.
        colour: blue, orange or green; boxes of one colour happen at the same time.
        cells: rows of an example, all of the same length; may be empty.
    """

    name: str
    text: str
    when: str
    colour: str = "blue"
    cells: tuple[tuple[str, ...], ...] = ()


def draw_steps(title: str, steps: Sequence[Step]) -> str:
    """Boxes from top to bottom with arrows between them."""
    parts, y = list[str](), float(_MARGIN)
    for step in steps:
        if y > _MARGIN:
            parts += _arrow(y - _GAP)
        parts += _box(step, y)
        y += _height(step) + _GAP
    height = y - _GAP + _MARGIN
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
            f'viewBox="0 0 {_WIDTH} {height:.0f}">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{height:.0f}" rx="10" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        )
    )


def _arrow(y: float) -> Iterator[str]:
    x = _WIDTH / 2
    yield f'<path class="arrow" d="M{x} {y + 2:.1f} V{y + _GAP - 9:.1f}"/>'
    end = y + _GAP - 2
    yield f'<path class="head" d="M{x - 6} {end - 8:.1f} H{x + 6} L{x} {end:.1f} Z"/>'


def _box(step: Step, y: float) -> Iterator[str]:
    width = _WIDTH - 2 * _MARGIN
    yield _rectangle(step.colour, _MARGIN, y, width, _height(step), 8)
    y += _PADDING + _NAME * 0.9
    yield _line("name", _MARGIN + _PADDING, y, step.name)
    yield _line(f"when {step.colour}", _WIDTH - _MARGIN - _PADDING, y, step.when)
    for text in _wrapped(step.text):
        y += _TEXT * _LINE
        yield _line("text", _MARGIN + _PADDING, y, text)
    yield from _grid(step.cells, y + 10)


def _grid(cells: tuple[tuple[str, ...], ...], y: float) -> Iterator[str]:
    """Fields of equal height, each column as wide as its longest text."""
    x = float(_MARGIN + _PADDING)
    for column in zip(*cells, strict=True):
        width = max(map(len, column)) * _CELL * _CELL_CHARACTER + 14
        for number, text in enumerate(column):
            top = y + number * _row_height()
            yield _rectangle("field", x, top, width, _row_height(), 0)
            yield _line("cell", x + 7, top + 16, text)
        x += width + 6


def _height(step: Step) -> float:
    grid = len(step.cells) * _row_height() + 12 if step.cells else 0
    return 2 * _PADDING + _NAME + len(_wrapped(step.text)) * _TEXT * _LINE + grid


def _row_height() -> float:
    return 23


def _wrapped(text: str) -> list[str]:
    width = _WIDTH - 2 * _MARGIN - 2 * _PADDING
    return textwrap.wrap(text, int(width / (_TEXT * _CHARACTER)), break_long_words=False)


def _rectangle(style: str, x: float, y: float, width: float, height: float, radius: int) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{style}" {place} rx="{radius}"/>'


def _line(style: str, x: float, y: float, text: str) -> str:
    return (
        f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" xml:space="preserve">{escape(text)}</text>'
    )
