"""Whole results as text, Markdown, HTML and JSON; the first three are also their `repr`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ae_pipeline.escaping import markdown, markdown_item, visible
from ae_pipeline.report import tables
from ae_pipeline.report.errors import failure_lines
from ae_pipeline.report.presenter import present
from ae_pipeline.results.result import Result, register_form

#: Rows of a table in a session; a person reads no more at once.
_MOST_ROWS = 40


def as_text(result: Result) -> str:
    """Tables and sentences for a Python session, cut to what one can read at once."""
    parts = [tables.to_text(table) for table in _tables(result)]
    parts = [*_joined([visible(present(result).headline())]), *parts]
    return "\n\n".join([*parts, *_joined(map(visible, _sentences(result)))])


def as_markdown(result: Result) -> str:
    """Tables and a list of sentences in GitHub's Markdown."""
    parts = [tables.to_markdown(table) for table in _tables(result)]
    parts = [*_joined([markdown(present(result).headline())]), *parts]
    items = (f"- {markdown_item(line)}" for line in _sentences(result))
    return "\n\n".join([*parts, *_joined(items)])


def as_html(result: Result) -> str:
    """Tables and paragraphs as a fragment of HTML."""
    parts = [tables.to_html(table) for table in _tables(result)]
    lead, *paragraphs = (
        f"<p>{escape(visible(line))}</p>" if line else ""
        for line in (present(result).headline(), *_sentences(result))
    )
    return "\n".join([*_joined([lead]), *parts, *paragraphs])


def as_json(result: Result) -> str:
    """The record of a result as JSON; NaN and infinities become null."""
    return tables.dump_json(present(result).record())


def _tables(result: Result) -> list[tables.Table]:
    return [table.shortened(_MOST_ROWS) for table in present(result).tables()]


def _sentences(result: Result) -> list[str]:
    shown = present(result)
    warnings = (f"warning: {line}" for line in shown.warnings())
    failures = (f"failed: {line}" for line in failure_lines(shown.failures()))
    return [*shown.lines(), *warnings, *failures]


def _joined(lines: Iterable[str]) -> list[str]:
    """One part of all lines, or none."""
    text = "\n".join(lines)
    return [text] if text else []


register_form("text", as_text)
register_form("markdown", as_markdown)
register_form("html", as_html)
