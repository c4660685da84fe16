"""The page of the comparison says what was measured."""

from __future__ import annotations

import re
from pathlib import Path

from docs.comparison import comparison_tables

DOCS = Path(__file__).parents[2] / "docs"


def test_the_comparison_is_measured() -> None:
    """Its tables are those of docs/benchmarks.md, with their machine and date."""
    page = (DOCS / "explanation/comparison.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"<!-- measured -->\n(.*)\n<!-- /measured -->", page, re.DOTALL)
    assert shown == comparison_tables((DOCS / "benchmarks.md").read_text(encoding="utf-8"))
    assert re.search(r"cores; Python .*; 20\d\d-\d\d-\d\d\.$", shown)


def test_the_best_is_ours() -> None:
    """The page says that archives take the fewest bytes of all in the table; so they do."""
    page = (DOCS / "explanation/comparison.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \w+, [\d.]+ % \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) == 6
    for row in rows:
        ours, *peers = (int(cell.replace(",", "")) for cell in row.split(" | "))
        assert ours < min(peers)
