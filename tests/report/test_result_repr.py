"""Results show themselves: as text in a session, as tables in a notebook."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.report.forms import as_html, as_json, as_markdown, as_text
from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables.markup import to_html
from ae_pipeline.report.tables.table import Table
from ae_pipeline.report.tables.text import to_text
from ae_pipeline.results.comparison import ComparedFormat, Comparison
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.results.fit import FitResult, TrainingSummary
from ae_pipeline.results.gc import Garbage, GarbageReport
from ae_pipeline.results.result import Result
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import backfill, compress, decode, encode, estimate, inspect, verify
from tests.support.data.datasets import mixed_tree

NEVER = {"planner": {"learn": "never"}}
TABLE = Table("<Sizes>", ("name", "rows"), (("a & b", 1200), ("c", 7)), ("total", 1207), "A note.")


def kinds(base: type[Result]) -> Iterator[type[Result]]:
    """Every type of result that the library defines."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("ae_pipeline."):
            yield kind
            yield from kinds(kind)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[type[Result], Result]:
    """One result of every type, from small runs where a run is quick."""
    root = tmp_path_factory.mktemp("repr")
    source, archive = str(mixed_tree(root / "source")), str(root / "archive")
    job = EncodeJob(source=source, archive=archive, **NEVER)
    found: list[Result] = [
        plan_backfill(job),
        backfill(job),
        compress(CompressJob(source=source, archive=archive, **NEVER)),
        verify(VerifyJob(archive=archive, source=source)),
        inspect(archive),
        estimate(EstimateJob(source=source, tolerances=(0.01,), **NEVER)),
        compared(),
        fitted(),
        drifted(),
        GarbageReport("archive", (Garbage("old.tmp", 1234, "a killed run"),), 1234, False),
    ]
    return {type(result): result for result in found}


def compared() -> Comparison:
    """Two formats and an archive."""
    formats = (
        ComparedFormat("ae-pipeline", 1000, False, 0.5, 0.1, is_ours=True),
        ComparedFormat("Parquet, zstd, rounded", 2000, False, 0.1, 0.05),
        ComparedFormat("Parquet, zstd", 4000, True, 0.1, 0.05),
    )
    return Comparison("sales", 500, 500, 9000, formats, 100, 2.0)


def fitted() -> FitResult:
    """The result of a fit that never ran."""
    training = TrainingSummary(3, 30, "epochs", 2, 0.5, 0.25)
    return FitResult("c0dec", "codecs/a", "written", 900, 3, 0, 2, 1234, training, 1.5, ("rare",))


def drifted() -> DriftReport:
    """Drift of one partition."""
    return DriftReport(
        "c0dec", "warn", (PartitionDrift("day=1", "c0dec", 9, 2.5, 2.0, "x", 0.3, True, False),)
    )


def test_every_type_is_covered(results: dict[type[Result], Result]) -> None:
    """This file shows a result of every type that the library defines."""
    assert set(results) == set(kinds(Result))


def test_repr_is_the_table(results: dict[type[Result], Result]) -> None:
    """The repr of every result has the title, headings and first cells of each of its tables."""
    for result in results.values():
        text = repr(result)
        for table in present(result).tables():
            assert table.title in text
            assert all(heading in text for heading in table.headings)
            assert all(str(row[0]) in text for row in table.rows)
        assert all(line in text for line in present(result).lines())
        assert all(line == line.rstrip() for line in text.splitlines())


class Tags(HTMLParser):
    """Collects the text of cells, and refuses tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Open an element."""
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text of a cell."""
        if self.open[-1:] in (["td"], ["th"]):
            self.cells.append(data)


def test_notebooks_get_tables(results: dict[type[Result], Result]) -> None:
    """In a notebook every result is well-formed HTML and Markdown with a row per table row."""
    for result in results.values():
        n_rows = sum(len(table.all_rows) + 1 for table in present(result).tables())
        html, markdown = result._repr_html_(), result._repr_markdown_()
        Tags(html)
        assert html.count("<tr>") == n_rows
        assert sum(line.startswith("| ") for line in markdown.splitlines()) == n_rows + len(
            present(result).tables()
        )


def test_html_escapes_names() -> None:
    """Names from data cannot add markup to a notebook."""
    html = to_html(replace(TABLE, rows=(("<b>", 1),)))
    assert "&lt;Sizes&gt;" in html
    assert Tags(html).cells == ["name", "rows", "<b>", "1", "total", "1,207"]


def test_text_is_aligned() -> None:
    """Plain text has the first column on the left, the others on the right, and the note last."""
    assert to_text(TABLE).splitlines() == [
        "<Sizes>",
        "name    rows",
        "-----  -----",
        "a & b  1,200",
        "c          7",
        "total  1,207",
        "A note.",
    ]


def test_sentences_in_cells_are_folded() -> None:
    """A long sentence takes several lines in its column and stays whole."""
    sentence = "word " * 40 + "end"
    lines = to_text(Table("t", ("file", "why"), (("a", sentence), ("b", "short")))).splitlines()
    assert max(map(len, lines)) < 70
    assert " ".join(" ".join(lines).split()).endswith(f"a {sentence} b short")


def test_long_tables_are_cut_in_sessions() -> None:
    """A result of thousands of rows shows some of them and says how many there are."""
    garbage = tuple(Garbage(f"{number}.tmp", 1, "a killed run") for number in range(3000))
    report = GarbageReport("archive", garbage, 3000, True)
    for text in (as_text(report), as_markdown(report), as_html(report)):
        assert "(40 of 3000 rows)" in text
        assert "39.tmp" in text
        assert "40.tmp" not in text
    assert "2999.tmp" in as_json(report)


def test_worst_rows_stay_when_a_table_is_cut() -> None:
    """A table that names a measure keeps failures first, then the largest values, in that order."""
    rows = (("a", 1.0), ("b", 3.0), ("c", None), ("d", 2.0))
    table = Table("t", ("name", "MSE"), rows, worst="MSE")
    assert [row[0] for row in table.shortened(3).rows] == ["c", "b", "d"]
    assert [row[0] for row in replace(table, worst="").shortened(2).rows] == ["a", "b"]
    assert table.shortened(4) is table


def test_results_pickle_and_compare(results: dict[type[Result], Result]) -> None:
    """A result survives pickling, and equality is that of its fields."""
    for result in results.values():
        again = pickle.loads(pickle.dumps(result))  # noqa: S301  our own bytes
        assert again == result
        assert repr(again) == repr(result)
    assert fitted() != replace(fitted(), seconds=2.0)


def test_warnings_and_failures_are_shown(results: dict[type[Result], Result]) -> None:
    """Warnings and failed fragments stand below the tables, in every form."""
    (report,) = (one for one in results.values() if type(one).__name__ == "DatasetReport")
    failure = FragmentFailure("day=9/x.parquet", "broken", is_retriable=False)
    report = replace(report, warnings=("mind this",), failures=(failure,))
    for text in (as_text(report), as_markdown(report), as_html(report)):
        assert "warning: mind this" in text
        assert "failed: day=9/x.parquet: broken" in text


def test_json_of_verify_names_the_source_as_destination(tmp_path: Path) -> None:
    """Verify's JSON has the source under `destination`, as ever; decode's has its output."""
    source, archive, out = str(mixed_tree(tmp_path / "s")), str(tmp_path / "a"), str(tmp_path / "d")
    encoded = encode(EncodeJob(source=source, archive=archive, **NEVER))
    verified = verify(VerifyJob(archive=archive, source=source))
    decoded = decode(DecodeJob(archive=archive, decoded=out, source=source))
    assert [one.destination for one in (encoded, verified, decoded)] == [archive, None, out]
    assert [one.compared_with for one in (encoded, verified, decoded)] == [None, source, source]
    records = [present(one).record() for one in (encoded, verified, decoded)]
    assert [record["destination"] for record in records] == [archive, source, out]
    assert present(verify(VerifyJob(archive=archive))).record()["destination"] == ""
    assert not any("compared_with" in record for record in records)


def test_a_type_without_presenter_is_named() -> None:
    """A result that nobody can present raises an error with its type's name."""

    @dataclass(frozen=True, repr=False)
    class Unknown(Result):
        """A result that lacks a presenter."""

    with pytest.raises(TypeError, match="Unknown"):
        present(Unknown())


def test_importing_loads_no_terminal() -> None:
    """A program that only reads results does not load what draws terminals."""
    script = "import sys, ae_pipeline; sys.exit('rich' in sys.modules or 'typer' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
