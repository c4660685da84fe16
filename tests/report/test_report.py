"""Reports: what stands in tables, and their forms."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Literal

import pytest
from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.columns import ErrorMetrics
from ae_pipeline.report.errors import failure_lines, partition_table, verdict
from ae_pipeline.report.forms import as_json
from ae_pipeline.report.presenter import present
from ae_pipeline.report.sizes import byte_table
from ae_pipeline.report.tables.markup import to_markdown
from ae_pipeline.report.tables.records import to_records
from ae_pipeline.report.tables.table import Table
from ae_pipeline.results.account import ByteAccount, Ratios, StoredBytes
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure, PartitionReport
from ae_pipeline.results.fidelity import ColumnFidelity

TABLE = Table(
    "Sizes", ("name", "rows", "MSE"), (("a|b", 1200, 0.5),), ("total", 1200, None), "Note."
)


SIZES = StoredBytes(
    source_bytes=100,
    raw_bytes=400,
    encoded_bytes=50,
    payload_bytes=40,
    kept_bytes=6,
    container_bytes=4,
    ledger={"codes": 30, "exact": 0, "direct": 10},
)
ACCOUNT = ByteAccount(
    **vars(SIZES),
    model_bytes=10,
    other_bytes=3,
    model={"decoder": 7, "encoder": 3},
    ratios=Ratios(10.0, 8.0, 2.0, 5 / 3),
)


def partition(name: str, metrics: ErrorMetrics | None) -> PartitionReport:
    """A partition of round numbers."""
    return PartitionReport(**vars(SIZES), partition=name, n_fragments=1, n_rows=10, metrics=metrics)


def report(
    metrics: ErrorMetrics | None, failures: int = 0, verb: Literal["encode", "verify"] = "verify"
) -> DatasetReport:
    """One partition and its total."""
    broken = tuple(FragmentFailure(f"p/{i}", f"p/{i} is broken", False) for i in range(failures))
    return DatasetReport(
        verb=verb,
        source="in",
        destination="out",
        codec_ids=("id",),
        features=(),
        partitions=(partition("p=1", metrics),),
        total=partition("total", metrics),
        fragments=(),
        bytes=ACCOUNT,
        n_written=1,
        failures=broken,
        warnings=(),
        seconds=1.0,
    )


def measured(share: float | None) -> ErrorMetrics:
    """Errors whose largest is this share of its tolerance."""
    return ErrorMetrics(10, 0, 0.25, 0.5, 0.4, 2.0, share)


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
    assert json.loads(as_json(report(infinite)))["total"]["metrics"]["mse"] is None


def test_partition_table_has_errors_only_if_measured() -> None:
    """Without metrics there are no error columns; with them there are."""
    assert "MSE" not in partition_table(report(None)).headings
    table = partition_table(report(measured(None)))
    row = dict(zip(table.headings, table.rows[0], strict=True))
    assert (row["MSE"], row["max"]) == (0.25, 2.0)
    assert "max/tol" not in row


def test_partition_table_tells_shares_of_tolerances() -> None:
    """Where errors were promised, the table has the largest share of a tolerance."""
    table = partition_table(report(measured(0.98)))
    assert dict(zip(table.headings, table.rows[0], strict=True))["max/tol"] == 0.98


def test_byte_table_adds_up() -> None:
    """Parts without bytes are left out; the others add up to the total."""
    table = byte_table(ACCOUNT)
    sizes = {str(row[0]).split(":")[0]: row[1] for row in table.rows}
    assert sizes["codes"] == 30
    assert "exact" not in sizes
    assert sum(int(row[1] or 0) for row in table.rows) == 63
    assert table.footer == ("total", 63, "100.0 %")


def test_encode_shows_where_the_bytes_are() -> None:
    """After encode, and only then, the tables of bytes and ratios follow."""
    titles = [table.title for table in present(report(None, verb="encode")).tables()]
    assert titles[1:] == ["Bytes", "Times smaller"]
    assert len(present(report(None)).tables()) == 1


@pytest.mark.parametrize(
    ("share", "failures", "expected"),
    [
        (0.98, 0, "Every value is within its promise: the largest error is 98 % of its tolerance."),
        (0.0, 0, "Every value is exactly that of the source"),
        (0.98, 2, "Not in order: 2 of 3 fragments failed."),
    ],
)
def test_verdict_is_one_sentence(share: float, failures: int, expected: str) -> None:
    """The verdict says whether the promise holds and how much of it was used."""
    assert verdict(report(measured(share), failures)).startswith(expected)


def test_exact_columns_have_no_errors() -> None:
    """A table without features is compared bit by bit: no error columns, and a verdict."""
    nothing = ErrorMetrics(0, 0, 0.0, 0.0, 0.0, 0.0)
    assert partition_table(report(nothing)).headings[-1] == "ratio"
    assert verdict(report(nothing)) == "Every value is exactly that of the source."


def test_exact_promises_take_one_line() -> None:
    """Where all promises are exact, a line says so instead of a table; others have the table."""
    exact, within = ColumnFidelity("a", "exact", None), ColumnFidelity("b", "within 2", None)
    shown = present(replace(report(None, verb="encode"), fidelity=(exact,)))
    assert shown.lines()[0] == "Every column is stored exactly, bit for bit."
    assert [table.title for table in shown.tables()][1:] == ["Bytes", "Times smaller"]
    shown = present(replace(report(None, verb="encode"), fidelity=(exact, within)))
    assert "exactly" not in " ".join(shown.lines())
    assert shown.tables()[1].title == "What columns keep"


def test_verdict_claims_nothing_that_was_not_checked() -> None:
    """Without a source verify says that values were not compared; features have no verdict."""
    assert "not compared" in verdict(report(None))
    assert verdict(report(None, verb="encode")) == ""
    assert verdict(report(measured(None))) == ""


def test_console_shows_every_cell() -> None:
    """Rendering prints title, cells, footer and note, and takes markup literally."""
    console = Console(width=80, record=True, file=io.StringIO())
    render(Table("[b]T", ("name", "n"), (("[red]x", 1),), ("total", 1), "note"), console)
    text = console.export_text()
    assert all(part in text for part in ("[b]T", "[red]x", "total", "note"))


def test_names_fold_before_numbers_do() -> None:
    """In a narrow terminal a long name takes several lines, and every number stays in one."""
    console = Console(width=40, record=True, file=io.StringIO())
    render(Table("t", ("name", "n bytes", "share"), (("x" * 60, 123_456_789, 0.5),)), console)
    text = console.export_text()
    assert "123,456,789" in text
    assert text.count("x") == 60


def test_failure_lines_are_bounded() -> None:
    """Long lists of failures end with how many more there are."""
    lines = failure_lines(report(None, failures=25).failures)
    assert len(lines) == 21
    assert lines[0] == "p/0 is broken"
    assert lines[-1] == "... and 5 more"


def test_names_are_not_folded_where_sentences_can_be() -> None:
    """In 80 columns names stay whole beside numbers and a sentence, or break after a `_`."""
    names = ("air_filter_difference_pressure", "year=2013/station=Aotizhongxin/part-0.parquet")
    for table, name in (
        (Table("t", ("fragment", "state", "source bytes", "reason"), ROWS), names[1]),
        (Table("t", ("partition", "rows", "shift", "column", "verdict"), DRIFT), names[0]),
        (Table("t", DRIFT_HEADINGS, WIDE_DRIFT), "difference_pressure "),
    ):
        file = io.StringIO()
        render(table, Console(file=file, width=80))
        assert name in file.getvalue()
        assert max(map(len, file.getvalue().splitlines())) <= 80


REASON = "columns differ from those the codec was fitted to: c is new, d is missing"
ROWS = (("year=2013/station=Aotizhongxin/part-0.parquet", "failed", 1_185_952, REASON),)
DRIFT_HEADINGS = ("partition", "rows", "bytes/row", "growth", "shift", "column", "verdict")
WIDE_DRIFT = (
    ("year=2013", 7_152, 2.512, 1.234, 0.25, "air_filter_difference_pressure", "grown, shifted"),
)
DRIFT = (("year=2013", 7_152, 0.25, "air_filter_difference_pressure", "grown, shifted, " * 4),)
