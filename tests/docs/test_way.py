"""The drawings of how it works are derived, whole, and shown."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs.way import DRAWINGS, draw_way

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_are_current(name: str) -> None:
    """Each drawing is what `python -m docs.generate how-it-works` writes, and the page shows it."""
    assert (DOCS / "images" / name).read_text(encoding="utf-8") == draw_way(name)
    page = (DOCS / "explanation/how-it-works.md").read_text(encoding="utf-8")
    assert f"](../images/{name})" in page


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_are_whole(name: str) -> None:
    """The SVG parses, has every step by its name, and nothing reaches beyond its edges."""
    _, steps = DRAWINGS[name]
    svg = ElementTree.fromstring(draw_way(name))  # noqa: S314  our own text
    shown = [element.text for element in svg.iter() if element.get("class") == "name"]
    assert shown == [step.name for step in steps]
    width = float(svg.get("width", 0))
    boxes = [element for element in svg.iter() if element.get("class") == "field"]
    assert all(float(box.get("x", 0)) + float(box.get("width", 0)) < width for box in boxes)
