"""The page in a browser: scripts run without a complaint, tables sort, filter and fold."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from ae_pipeline.pages.cells import Cell, count, words
from ae_pipeline.pages.markup import Section, table
from ae_pipeline.pages.page import GENERATOR, compose
from tests.support.flows.browser import dump_page, find_browser
from tests.support.html_pages import check_page

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")

WATCH = """<script>
const complaints = [];
window.addEventListener("error", (event) => complaints.push(event.message));
document.addEventListener("securitypolicyviolation", (event) => complaints.push(event.blockedURI));
</script>"""
TELL = """<script>
const column = (n) => [...document.querySelectorAll("tbody tr")]
  .filter((row) => !row.hidden).map((row) => row.cells[n].textContent);
const button = (n) => document.querySelectorAll("th button")[n];
const told = { folded: column(0).length };
document.querySelector(".more").click();
told.whole = column(0).length;
button(1).click(); told.down = column(1); told.sort = button(1).parentElement.ariaSort;
button(1).click(); told.up = column(1);
button(0).click(); told.names = column(0);
const filter = document.querySelector("input");
filter.value = "ROW 28"; filter.dispatchEvent(new Event("input")); told.found = column(0);
told.complaints = complaints;
const pre = document.createElement("pre");
pre.textContent = JSON.stringify(told);
document.body.append(pre);
</script>"""


def numbered(n_rows: int) -> str:
    """A page of one table, in no order, with one number that is not known."""
    numbers = [(7919 * n) % 1009 for n in range(n_rows - 1)]
    cells = [[words(f"row {n}"), count(number)] for n, number in enumerate(numbers)]
    body = table("Numbers", ("name", "number"), [*cells, [words("none"), Cell("-")]], "A note.")
    return compose("A & B", "<kind>", "", [Section("one", "One", "Lead", body)], "Foot")


def test_page_is_well_formed() -> None:
    """Texts are escaped, and the page names its maker near its beginning."""
    page = numbered(30)
    found = check_page(page)
    assert ("h1", "A & B") in found.texts
    assert ("p", "<kind>") in found.texts
    assert GENERATOR in page[:512]


@needs_browser
def test_tables_sort_filter_and_fold(tmp_path: Path) -> None:
    """Headings sort both ways with the unknown last, words filter, long tables fold."""
    page = numbered(30).replace("<title>", f"{WATCH}<title>").replace("</body>", f"{TELL}</body>")
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    dumped = dump_page(path.as_uri())
    found = re.search(r"<pre>(.*?)</pre>", dumped, re.DOTALL)
    assert found, dumped[-2000:]
    told = json.loads(unescape(found[1]))
    assert told["complaints"] == []
    assert (told["folded"], told["whole"]) == (15, 30)
    numbers = [int(text.replace(",", "")) for text in told["down"][:-1]]
    assert numbers == sorted(numbers, reverse=True)
    assert told["sort"] == "descending"
    assert [told["down"][-1], told["up"][-1]] == ["-", "-"]
    assert told["up"][:-1] == told["down"][:-1][::-1]
    assert told["names"][:4] == ["none", "row 0", "row 1", "row 2"]
    assert told["found"] == [f"row {n}" for n in range(29) if "28" in f"{n} {(7919 * n) % 1009}"]


@needs_browser
def test_real_page_has_no_complaints(page: str, tmp_path: Path) -> None:
    """A browser finds no fault with a page of hostile names, and nothing of it runs or loads."""
    tell = "<script>document.body.dataset.told = JSON.stringify(complaints)</script></body>"
    path = tmp_path / "page.html"
    watched = page.replace("<title>", f"{WATCH}<title>", 1).replace("</body>", tell)
    path.write_text(watched, encoding="utf-8")
    assert 'data-told="[]"' in dump_page(path.as_uri())
