"""Pictures as elements of a page."""

from __future__ import annotations

import re

import pytest

from ae_pipeline.pages.drawing import Colour, drawing
from tests.support.html_pages import read_page


def drawn(label: str = "a picture", text: str = "text") -> str:
    """A picture of one bar that tells a text, and a line of marks."""
    with drawing(label, 100) as picture:
        bars = picture.axes.barh([0], [3], color=Colour.OURS.value)
        picture.tell(bars[0], text)
        picture.axes.plot([1, 2], [0, 0], "o", color=Colour.BAD.value)
        picture.axes.set_title(text)
    return picture.svg


def test_pictures_are_clean_elements() -> None:
    """No prologue, metadata, style sheet or address is left, and colours are the page's."""
    svg = drawn()
    assert svg.startswith("<svg viewBox=")
    assert read_page(svg).faults == []
    assert not re.search(r"https?:|<style|<metadata|xmlns|DejaVu|#0101", svg)
    assert "var(--ours)" in svg
    assert "var(--bad)" in svg


def test_names_are_of_one_picture() -> None:
    """Two pictures share no id, and each refers to its own."""
    first, second = (read_page(drawn(text=text)) for text in ("one", "two"))
    assert first.ids
    assert not set(first.ids) & set(second.ids)
    assert {link.removeprefix("#") for link in first.links} <= set(first.ids)


@pytest.mark.parametrize(
    "text", ["<script>", '" onload="x', "$x_1$", "温度 ü", "a\u202eb", 'id="p1" #010105 url(x)']
)
def test_texts_stay_texts(text: str) -> None:
    """Texts in a picture are neither markup nor formulas, and colours in them stay."""
    found = read_page(drawn(text, text))
    titles = [told for tag, told in found.texts if tag == "title"]
    assert titles == [text.replace("\u202e", "\\u202e")]
    assert not any(key.startswith("on") for _, keys in found.tags for key in keys)


def test_pictures_are_repeatable() -> None:
    """The same picture has the same bytes."""
    assert drawn() == drawn()
