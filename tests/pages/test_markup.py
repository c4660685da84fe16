"""Parts of the page as HTML."""

from __future__ import annotations

from ae_pipeline.pages.cells import UNKNOWN, count, percent, words
from ae_pipeline.pages.markup import figure, paragraph, table, tiles
from tests.support.html_pages import read_page


def test_tables_escape_and_keep_numbers() -> None:
    """Cells are text, numbers carry their value, and a tone is a class."""
    html = table("<t>", ("<name>", "n"), [[words("<b>"), percent(0.25, "bad")]], "<note>")
    found = read_page(html)
    assert found.faults == []
    assert found.tables["<t>"] == [["<name>", "n"], ["<b>", "25.0 %"]]
    assert ("td", {"class": "n bad", "data-v": "0.25"}) in found.tags


def test_columns_of_nothing_are_left_out() -> None:
    """A column in which nothing is known is not shown; one with a single number is."""
    rows = [[words("a"), UNKNOWN, UNKNOWN], [words("b"), UNKNOWN, count(1)]]
    found = read_page(table("t", ("name", "gone", "n"), rows, ""))
    assert found.tables["t"] == [["name", "n"], ["a", "-"], ["b", "1"]]


def test_a_filter_is_for_many_rows() -> None:
    """Short tables have no filter, and an empty one is still a table."""
    rows = [[count(n)] for n in range(11)]
    assert "<input" in table("t", ("n",), rows, "")
    assert "<input" not in table("t", ("n",), rows[:10], "")
    assert read_page(table("t", ("n",), [], "")).faults == []


def test_small_parts() -> None:
    """Tiles, paragraphs and captions escape what they are given."""
    for html in (tiles([("<name>", "<value>")]), paragraph("<p>", "bad"), figure("<svg/>", "<c>")):
        found = read_page(html)
        assert found.faults == []
        assert not {tag for tag, _ in found.tags} & {"name", "value", "c"}
