"""Tables without a medium, and their forms: plain text, Markdown, HTML, records."""

from ae_pipeline.report.tables.markup import to_html, to_markdown
from ae_pipeline.report.tables.records import dump_json, to_records
from ae_pipeline.report.tables.table import Cell, Table, format_cell
from ae_pipeline.report.tables.text import to_text

__all__ = [
    "Cell",
    "Table",
    "dump_json",
    "format_cell",
    "to_html",
    "to_markdown",
    "to_records",
    "to_text",
]
