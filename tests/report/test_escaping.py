"""Names from data are shown, and never act: in terminals, logs, Markdown, whatever they hold."""

from __future__ import annotations

import io
import logging
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from ae_pipeline.cli.console import render
from ae_pipeline.cli.running.logs import logging_to
from ae_pipeline.cli.terminal import SafeConsole, stderr
from ae_pipeline.errors import ConfigError
from ae_pipeline.escaping import escape_logs, markdown, markdown_item, one_line, visible
from ae_pipeline.report.forms import as_json
from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables.markup import to_markdown
from ae_pipeline.report.tables.records import to_records
from ae_pipeline.report.tables.table import Table
from ae_pipeline.verbs import inspect
from tests.support.checks import assert_one_line
from tests.support.data.datasets import write_tree

ODD = {
    "x\x1b[31m": "x\\x1b[31m",
    "a\r\nb\tc": "a\\r\\nb\\tc",
    "bell\x07\x7f": "bell\\x07\\x7f",
    "c1\x9b2J\x85": "c1\\x9b2J\\x85",
    "turned\u202e\u2066\u200f": "turned\\u202e\\u2066\\u200f",
    "hidden\u200b\ufeff\u00ad": "hidden\\u200b\\ufeff\\xad",
    "line\u2028\u2029": "line\\u2028\\u2029",
    "lone\udcff": "lone\\udcff",
    "tag\U000e0041": "tag\\U000e0041",
    "[red]x[/]:smile:": "[red]x[/]:smile:",
    "a|b": "a|b",
    "Größe 温度 \u06cc\u200c\u062e 👩\u200d🔬": "Größe 温度 \u06cc\u200c\u062e 👩\u200d🔬",
}
TABLE = Table(
    title="from \x1b]0;x\x07",
    headings=("name\u202e", "value"),
    rows=tuple((name, name) for name in ODD),
    footer=("[bold]total", "-"),
    note="note [red]\x1b",
)


def is_quiet(text: str) -> bool:
    """Whether nothing but line breaks and what is seen is in a text."""
    categories = {unicodedata.category(one) for one in text if one not in "\n\u200c\u200d"}
    return not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def console(encoding: str = "utf-8") -> SafeConsole:
    """A terminal that keeps what is written to it."""
    file = io.TextIOWrapper(io.BytesIO(), encoding)
    return SafeConsole(file=file, width=200, highlight=False, markup=False, emoji=False)


def written(terminal: SafeConsole) -> str:
    """What a terminal has been given."""
    terminal.file.flush()
    return terminal.file.buffer.getvalue().decode(terminal.encoding)


@pytest.mark.parametrize(("name", "shown"), ODD.items())
def test_what_acts_is_shown(name: str, shown: str) -> None:
    """Control characters, turned text and lone surrogates appear as escapes, the rest as it is."""
    assert visible(name) == shown


def test_messages_are_folded() -> None:
    """Line breaks of other people's messages become spaces, other controls are shown."""
    assert one_line("a\n  b\r\nc\x1b") == "a b c\\x1b"


@given(st.text())
def test_nothing_acts(text: str) -> None:
    """Whatever a text holds, each form of it is one quiet line."""
    for shown in (visible(text), one_line(text), markdown(text), markdown_item(text)):
        assert is_quiet(shown)
        assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        (r"a\|b", r"a\\\|b"),
        ("`code` *bold* _it_ ~~no~~", r"\`code\` \*bold\* \_it\_ \~\~no\~\~"),
        ("<script>&lt;", r"\<script\>\&lt;"),
        ("[a](b) ![c](d)", r"\[a\](b) !\[c\](d)"),
        ("http://x.y www.x.y a@b.c", r"http\://x.y www\.x.y a\@b.c"),
        ("part_of_name 1,000.5 50 %", "part_of_name 1,000.5 50 %"),
        ("_ae/codecs", "_ae/codecs"),
    ],
)
def test_markup_is_text(text: str, shown: str) -> None:
    """Markdown, HTML and links are shown, and ordinary names stay readable."""
    assert markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("# a", r"\# a"), ("1. a", r"1\. a"), ("-a", r"\-a"), ("    a", "a"), ("3 done", "3 done")],
)
def test_no_block_begins_in_a_list(text: str, shown: str) -> None:
    """A line of a list is no heading and no list."""
    assert markdown_item(text) == shown


def test_errors_are_quiet() -> None:
    """The message of an error escapes what it names; its parts are as they were."""
    for name, shown in ODD.items():
        error = ConfigError("fault", where=name, got=name)
        assert_one_line(error, shown)
        assert is_quiet(str(error))
        assert error.where == name


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_terminals(encoding: str) -> None:
    """Tables, lines and forgotten pieces of text are quiet in any encoding."""
    terminal = console(encoding)
    render(TABLE, terminal)
    for name in ODD:
        terminal.print(name)
    terminal.print(Text("forgotten\x1b\u202e"))
    shown = written(terminal)
    assert is_quiet(shown)
    for name in (
        "x\\x1b[31m",
        "a\\r\\nb\\tc",
        "[red]x[/]:smile:",
        "[bold]total",
        "forgotten\\x1b\\u202e",
    ):
        assert name in shown


def test_columns_of_a_table(tmp_path: Path) -> None:
    """`inspect` shows the names of columns and folders in words, on a terminal and as Markdown."""
    table = pa.table({"a|b": [1.0, 2.0], "x\x1b[31m": [1.0, 3.0]})
    folder = f"day={chr(0x202E)}1"
    inspection = inspect(str(write_tree(tmp_path / "\x1b[2J", {f"{folder}/x.parquet": table})))
    terminal = console()
    for each in present(inspection).tables():
        render(each, terminal)
        assert is_quiet(to_markdown(each))
    assert is_quiet(written(terminal))
    assert "x\\x1b[31m" in written(terminal)
    assert r"| a\|b |" in to_markdown(present(inspection).tables()[-1])
    assert is_quiet(as_json(inspection))


def test_records_are_quiet() -> None:
    """Cells of pages are escaped, numbers stay numbers."""
    records = to_records(Table("", ("name", "n"), (("x\x1b", 3),)))
    assert records == [{"name": "x\\x1b", "n": 3}]


@pytest.mark.parametrize("logger", ["ae_pipeline", "ae_pipeline.fragments.encode"])
def test_logs(logger: str, caplog: pytest.LogCaptureFixture) -> None:
    """Every message of ours is escaped before any handler has it; other people's are not."""
    logging.getLogger(logger).warning("wrote %s in %d s", "x\x1b[31m\n", 5)
    logging.getLogger("elsewhere").warning("x\x1b")
    logging.getLogger("ae_pipelines").warning("100 %% %s", "x\x1b")
    assert [record.getMessage() for record in caplog.records] == [
        "wrote x\\x1b[31m\\n in 5 s",
        "x\x1b",
        "100 % x\x1b",
    ]


def test_other_logs_can_be_escaped(caplog: pytest.LogCaptureFixture) -> None:
    """Escaping holds for a logger and those below it, and messages that do not fit stay."""
    former = logging.getLogRecordFactory()
    try:
        escape_logs("elsewhere", str.upper)
        logging.getLogger("elsewhere.below").warning("a %s", "b")
        record = logging.getLogRecordFactory()("elsewhere", 20, "", 0, "%d", ("x",), None)
    finally:
        logging.setLogRecordFactory(former)
    assert caplog.records[0].getMessage() == "A B"
    assert record.args == ("x",)


def test_lines_of_log_files(capsys: pytest.CaptureFixture[str]) -> None:
    """A record with a traceback of strange names is one quiet line in a file."""
    root = logging.getLogger()
    former = root.handlers[:]
    root.handlers[:] = []
    try:
        with logging_to(None, is_verbose=False):
            (handler,) = root.handlers
        record = logging.LogRecord("x", 30, "", 0, "a\x1b\nb", None, None)
        assert handler.formatter is not None
        assert handler.formatter.format(record).endswith("a\\x1b b")
    finally:
        root.handlers[:] = former
    assert isinstance(stderr, SafeConsole)
