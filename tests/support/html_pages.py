"""Pages as a browser reads them: elements in balance, their texts, and what they would load."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = {"meta", "input", "br", "img", "link", "hr"}
_LOADING = {"src", "href", "xlink:href", "data", "action", "poster", "srcset"}


@dataclass
class ReadPage:
    """One page.

    Args:
        tags: each tag that was opened, with its attributes.
        texts: text by the tag that holds it.
        faults: tags that were closed out of order, or not at all.
        tables: rows of cells by the label of their table.
    """

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """All ids."""
        return [found["id"] for _, found in self.tags if "id" in found]

    @property
    def links(self) -> list[str]:
        """All that a browser could follow or load."""
        return [found[key] for _, found in self.tags for key in _LOADING & found.keys()]

    @property
    def text(self) -> str:
        """All text but that of styles and scripts."""
        return " ".join(text for tag, text in self.texts if tag not in ("style", "script"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.open = ReadPage(), [""]
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.page.tags.append((tag, found))
        if tag in _EMPTY:
            return
        self.open.append(tag)
        if tag == "table":
            self.rows = self.page.tables.setdefault(found.get("aria-label", ""), [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1] == tag:
            self.open.pop()
        else:
            self.page.faults.append(f"</{tag}> in <{self.open[-1]}>")

    def handle_data(self, data: str) -> None:
        self.page.texts.append((self.open[-1], data))
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def read_page(html: str) -> ReadPage:
    """Parse a page; all that is open in the end is a fault."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.page.faults += [f"<{tag}> is not closed" for tag in reader.open[1:]]
    return reader.page


def check_page(html: str) -> ReadPage:
    """Read a page, and assert that it is well-formed and complete in itself."""
    page = read_page(html)
    assert page.faults == []
    assert [link for link in page.links if not link.startswith("#")] == []
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert "@import" not in html
    assert html.count("url(") == html.count("url(#")
    assert sum(tag == "h1" for tag, _ in page.tags) == 1
    return page
