"""The architecture as an SVG: a house with the flows in its roof and a row of rooms per floor."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from docs.architecture import Architecture, Room

_WIDTH, _MARGIN, _GAP, _PADDING = 980, 24, 10, 12
_ROOF, _FOOT = 128, 40
#: Rooms side by side; a floor that has more takes several rows.
_MOST = 5
#: Room for a name in front of the text, in a room that is as wide as its floor.
_NAMES = 130
#: Font sizes in pixels by class of text.
_SIZES = {"name": 15.0, "sentence": 12.5, "uses": 11.0, "library": 10.5}
#: Height of a line, and mean width of a character, in parts of the font size.
_LINE, _CHARACTER = 1.38, 0.54
_STYLE = """
text { font-family: "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
.name { font-size: 15px; font-weight: 600; fill: #102a43; }
.sentence { font-size: 12.5px; fill: #334e68; }
.uses { font-size: 11px; fill: #7b8794; }
.library { font-size: 10.5px; font-weight: 600; fill: #9a3412; text-anchor: middle; }
.pill { fill: #ffedd5; }
.room { fill: #ffffff; stroke: #bcccdc; }
.floor { fill: #e6eef6; }
.roof { fill: #243b53; }
.light.name { font-size: 17px; fill: #ffffff; }
.light.sentence { fill: #d9e2ec; }
"""
_NOTE = (
    "Imports go down, never up or sideways. Grey: the rooms that a room imports. Coloured: "
    "libraries that few rooms import. Drawn from the contract and the code."
)


def draw(house: Architecture) -> str:
    """The whole picture."""
    parts, y = list(_roof(house.flows)), float(_ROOF)
    for rooms in house.floors:
        bottom = y + _floor_height(rooms)
        parts.append(_rectangle("floor", _MARGIN, y, _WIDTH - 2 * _MARGIN, bottom - y, 6))
        parts += _rooms(rooms, y + _GAP)
        y = bottom + _GAP / 2
    parts.append(_line("uses", _MARGIN + _GAP, y + 20, _NOTE))
    return _document(parts, y + _FOOT)


def _document(parts: Iterable[str], height: float) -> str:
    size = f'width="{_WIDTH}" height="{height:.0f}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {_WIDTH} {height:.0f}">',
            "<title>Floors and rooms of ae-pipeline</title>",
            f"<style>{_STYLE}</style>",
            f'<rect {size} rx="10" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        )
    )


def _roof(flows: Room) -> Iterator[str]:
    """A gable with the flows in it."""
    base, middle = _ROOF - _GAP / 2, _WIDTH / 2
    points = f"{_MARGIN - 12},{base} {middle},10 {_WIDTH - _MARGIN + 12},{base}"
    yield f'<polygon class="roof" points="{points}"/>'
    uses = f"uses {', '.join(flows.uses)}, and {', '.join(flows.libraries)}"
    lines = (("light name", flows.name), ("light sentence", flows.sentence))
    for number, (style, text) in enumerate((*lines, ("light sentence", uses))):
        place = f'x="{middle}" y="{base - 56 + 22 * number}" text-anchor="middle"'
        yield f'<text class="{style}" {place}>{escape(text)}</text>'


def _rows(rooms: Sequence[Room]) -> list[Sequence[Room]]:
    """Rooms that stand side by side, as evenly as possible."""
    n_rows = -(-len(rooms) // _MOST)
    size = -(-len(rooms) // n_rows)
    return [rooms[start : start + size] for start in range(0, len(rooms), size)]


def _floor_height(rooms: Sequence[Room]) -> float:
    return _GAP + sum(_row_height(row) + _GAP for row in _rows(rooms))


def _row_height(row: Sequence[Room]) -> float:
    return max(_height(room, _room_width(row)) for room in row)


def _room_width(row: Sequence[Room]) -> float:
    inside = _WIDTH - 2 * _MARGIN - _GAP
    return inside / len(row) - _GAP


def _rooms(rooms: Sequence[Room], y: float) -> Iterator[str]:
    for row in _rows(rooms):
        width, height = _room_width(row), _row_height(row)
        for number, room in enumerate(row):
            x = _MARGIN + _GAP + number * (width + _GAP)
            yield _rectangle("room", x, y, width, height, 4)
            yield from _content(room, x, y, width)
        y += height + _GAP


def _content(room: Room, x: float, y: float, width: float) -> Iterator[str]:
    """The name, and beside it in a wide room or below it in others what there is to say."""
    indent = _indent(width)
    yield _line("name", x + _PADDING, y + _PADDING + 13, room.name)
    beside = _pills_beside(room, width)
    right, top = x + width - _PADDING, y + (_PADDING if beside else _height(room, width) - 27)
    yield from _pills(room.libraries, right, top)
    y += _PADDING + (0 if indent else _SIZES["name"] * _LINE)
    for style, text in _lines(room, width):
        y += _SIZES[style] * _LINE
        yield _line(style, x + _PADDING + indent, y - _SIZES[style] * 0.35, text)


def _height(room: Room, width: float) -> float:
    name = 0 if _indent(width) else _SIZES["name"] * _LINE
    pills = 0 if _pills_beside(room, width) else 22
    text = sum(_SIZES[style] * _LINE for style, _ in _lines(room, width))
    return 2 * _PADDING + name + text + pills


def _pills_beside(room: Room, width: float) -> bool:
    """Whether the libraries have room beside the name, else they are below everything."""
    name = len(room.name) * _SIZES["name"] * 0.65
    return name + sum(_pill_width(one) + 5 for one in room.libraries) <= width - 2 * _PADDING


def _pill_width(library: str) -> float:
    return len(library) * _SIZES["library"] * 0.65 + 10


def _indent(width: float) -> float:
    """Room for the name in front of the text, in a wide room."""
    return _NAMES if width > _WIDTH / 2 else 0


def _lines(room: Room, width: float) -> list[tuple[str, str]]:
    """Every line of a room but its name, each with its style."""
    uses = f"uses {', '.join(room.uses)}" if room.uses else "uses no other room"
    wide = width - 2 * _PADDING - _indent(width)
    return [*_wrap("sentence", room.sentence, wide), *_wrap("uses", uses, wide)]


def _wrap(style: str, text: str, width: float) -> list[tuple[str, str]]:
    n_characters = int(width / (_SIZES[style] * _CHARACTER))
    return [(style, line) for line in textwrap.wrap(text, n_characters, break_long_words=False)]


def _pills(libraries: Sequence[str], right: float, top: float) -> Iterator[str]:
    """Libraries from right to left, each on a patch of colour."""
    for library in reversed(libraries):
        width = _pill_width(library)
        right -= width
        yield _rectangle("pill", right, top, width, 17, 8)
        yield _line("library", right + width / 2, top + 12, library)
        right -= 5


def _rectangle(style: str, x: float, y: float, width: float, height: float, radius: int) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{style}" {place} rx="{radius}"/>'


def _line(style: str, x: float, y: float, text: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
