"""Results as people read them: tables for the terminal, Markdown and JSON. Computes nothing."""

from ae_pipeline.report.build import (
    column_table,
    failure_lines,
    fit_table,
    inspection_tables,
    partition_table,
)
from ae_pipeline.report.console import render
from ae_pipeline.report.table import Table, to_json, to_markdown, to_records

__all__ = [
    "Table",
    "column_table",
    "failure_lines",
    "fit_table",
    "inspection_tables",
    "partition_table",
    "render",
    "to_json",
    "to_markdown",
    "to_records",
]
