"""Pictures as files of their own."""

from __future__ import annotations

from xml.etree import ElementTree as Tree

from ae_pipeline.pages.drawing import Colour, drawing, standalone


def test_a_file_needs_nothing_else() -> None:
    """A picture is a well-formed SVG file on white whose colours are those of the light page."""
    with drawing("a & b", 100) as picture:
        bars = picture.axes.barh([0], [3], color=Colour.OURS.value)
        picture.tell(bars[0], "<three>")
    svg = standalone(picture.svg)
    root = Tree.fromstring(svg)  # noqa: S314  ours
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["style"] == "background: #ffffff"
    assert "#2466b0" in svg
    assert "var(" not in svg
    assert "#0101" not in svg
    assert [one.text for one in root.iter("{http://www.w3.org/2000/svg}title")] == ["<three>"]
