"""Results as people read them: tables for the terminal, Markdown and JSON. Computes nothing."""

from ae_pipeline.report.backfill import fragment_table, state_table
from ae_pipeline.report.build import closing_lines, fit_table, inspection_tables, report_tables
from ae_pipeline.report.compress import compress_lines
from ae_pipeline.report.console import render
from ae_pipeline.report.drift import drift_table
from ae_pipeline.report.errors import column_table, failure_lines, partition_table, verdict
from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.forecast import estimate_tables
from ae_pipeline.report.gc import collected_line, collected_table
from ae_pipeline.report.outcome import Result, result_lines, result_tables, result_warnings
from ae_pipeline.report.sizes import byte_table, byte_tables
from ae_pipeline.report.table import Table, to_json, to_markdown, to_records

__all__ = [
    "Result",
    "Table",
    "byte_table",
    "byte_tables",
    "closing_lines",
    "collected_line",
    "collected_table",
    "column_table",
    "compress_lines",
    "drift_table",
    "estimate_tables",
    "failure_lines",
    "fidelity_table",
    "fit_table",
    "fragment_table",
    "inspection_tables",
    "partition_table",
    "render",
    "report_tables",
    "result_lines",
    "result_tables",
    "result_warnings",
    "state_table",
    "to_json",
    "to_markdown",
    "to_records",
    "verdict",
]
