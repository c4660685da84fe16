"""What columns cost, in a table that people can act on."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.costs import cost_table, cost_tables
from ae_pipeline.results.fit import ColumnCost

CODED = ColumnCost("fare", "changes; depends on zone; 13 contexts", 900, 200, 30, True)
KEPT = ColumnCost("id", "", 500, 490, 20, False)
PINNED = ColumnCost("key", "", 40, 0, 0, False)
TEXT = ColumnCost("note", "", 800, 700, 0, True)


def test_the_largest_come_first() -> None:
    """Columns are sorted by the bytes that they take as they are stored, model counted."""
    table = cost_table([PINNED, CODED, KEPT, TEXT])
    assert table.rows == (
        ("note", 800, 700, 0, "as a whole"),
        ("id", 500, 510, None, "plain, readable in place"),
        ("fare", 900, 230, 0, "changes; depends on zone; 13 contexts"),
        ("key", 40, None, None, "plain, readable in place"),
    )
    assert table.footer == ("all columns", 2240, 700 + 500 + 230 + 40, 0, "2 of 4 coded")


def test_wide_tables_start_with_the_largest() -> None:
    """Columns come in the order of their bytes, so that a table can be cut; the total has all."""
    many = [replace(CODED, name=f"c{n:03}", coded_bytes=n) for n in range(300)]
    table = cost_table(many)
    assert [row[0] for row in table.rows[:2]] == ["c299", "c298"]
    assert len(table.rows) == 300
    assert table.footer is not None
    assert table.footer[2] == sum(range(300)) + 300 * 30


def test_nothing_known_is_nothing_shown() -> None:
    """Codecs of older formats have no costs, and no table of them."""
    assert cost_tables(()) == []


def test_costs_fit_a_terminal() -> None:
    """In 80 columns bytes stay whole and long words of a way take several lines."""
    long = replace(CODED, name="air_filter_difference_pressure", way="linear in a, b; " * 9)
    file = io.StringIO()
    render(cost_table([long, KEPT]), Console(file=file, width=80))
    assert max(map(len, file.getvalue().splitlines())) <= 80
    assert "difference_pressure" in file.getvalue()
