"""Bytes at several tolerances for the page on choosing one, as `estimate` forecasts them."""

from __future__ import annotations

from pathlib import Path

import ae_pipeline
from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables.markup import to_markdown
from ae_pipeline.report.tables.table import Table
from benchmarks.measure.machine import machine_line

_SHOWN = ("tolerance", "archive", "of files", "columns")


def tolerances_table(source: Path) -> str:
    """Forecasts for a source, without a network, as Markdown with the date and the versions."""
    forecast = ae_pipeline.estimate(str(source), planner__learn="never")
    table = next(iter(present(forecast).tables()))
    places = [table.headings.index(name) for name in _SHOWN]
    rows = tuple(tuple(row[place] for place in places) for row in table.rows)
    shown = to_markdown(Table("", _SHOWN, rows)).split("\n\n", 1)[1].strip()
    return f"{shown}\n\nBytes of the whole archive. {machine_line()}."
