"""Reports: what stands in tables, and their forms."""

from __future__ import annotations

import io
import json

from rich.console import Console

from ae_pipeline.metrics import ErrorMetrics
from ae_pipeline.report import (
    Table,
    failure_lines,
    partition_table,
    render,
    to_json,
    to_markdown,
    to_records,
)
from ae_pipeline.results import DatasetReport, FragmentFailure, PartitionReport

TABLE = Table(
    "Sizes", ("name", "rows", "MSE"), (("a|b", 1200, 0.5),), ("total", 1200, None), "Note."
)


def partition(name: str, metrics: ErrorMetrics | None) -> PartitionReport:
    """A partition of round numbers."""
    return PartitionReport(name, 1, 10, 100, 50, 40, 0, metrics)


def report(metrics: ErrorMetrics | None, failures: int = 0) -> DatasetReport:
    """One partition and its total."""
    broken = tuple(FragmentFailure(f"p/{i}", f"p/{i} is broken", False) for i in range(failures))
    parts = (partition("p=1", metrics),)
    total = partition("total", metrics)
    return DatasetReport("decode", "in", "out", ("id",), (), parts, total, 1, broken, (), 1.0)


def test_markdown_is_a_table() -> None:
    """Markdown has title, aligned headings, escaped cells, footer and note."""
    assert to_markdown(TABLE).splitlines() == [
        "**Sizes**",
        "",
        "| name | rows | MSE |",
        "| --- | --: | --: |",
        "| a\\|b | 1,200 | 0.5 |",
        "| total | 1,200 | - |",
        "",
        "Note.",
    ]


def test_records_keep_numbers() -> None:
    """Records are one dict per row with numbers as numbers, the footer last."""
    assert to_records(TABLE) == [
        {"name": "a|b", "rows": 1200, "MSE": 0.5},
        {"name": "total", "rows": 1200, "MSE": None},
    ]


def test_records_and_json_have_no_infinities() -> None:
    """What is not finite becomes null, because JSON has nothing for it."""
    table = Table("t", ("x",), ((float("inf"),), (float("nan"),)))
    assert to_records(table) == [{"x": None}, {"x": None}]
    infinite = ErrorMetrics(1, 0, float("inf"), float("inf"), 1.0, 1.0)
    assert json.loads(to_json(report(infinite)))["total"]["metrics"]["mse"] is None


def test_partition_table_has_errors_only_if_measured() -> None:
    """Without metrics there are no error columns; with them there are."""
    measured = ErrorMetrics(10, 0, 0.25, 0.5, 0.4, 2.0)
    assert "MSE" not in partition_table(report(None)).headings
    table = partition_table(report(measured))
    assert dict(zip(table.headings, table.rows[0], strict=True))["MSE"] == 0.25


def test_console_shows_every_cell() -> None:
    """Rendering prints title, cells, footer and note, and takes markup literally."""
    console = Console(width=80, record=True, file=io.StringIO())
    render(Table("[b]T", ("name", "n"), (("[red]x", 1),), ("total", 1), "note"), console)
    text = console.export_text()
    assert all(part in text for part in ("[b]T", "[red]x", "total", "note"))


def test_failure_lines_are_bounded() -> None:
    """Long lists of failures end with how many more there are."""
    lines = failure_lines(report(None, failures=25))
    assert len(lines) == 21
    assert lines[0] == "p/0 is broken"
    assert lines[-1] == "... and 5 more"
