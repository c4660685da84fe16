"""The line above every report: the table as a whole, everything counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.report.forms import as_html, as_markdown, as_text
from ae_pipeline.report.headline import (
    forecast_line,
    part_line,
    size_words,
    times_words,
    whole_line,
)
from ae_pipeline.report.presenter import present
from tests.report.test_report import ACCOUNT, report


def test_the_whole_counts_everything() -> None:
    """The line compares the source with files, model and all else together."""
    line = "Source 100 bytes, archive 63 bytes (model and all else counted): 1.59 times smaller"
    assert whole_line(ACCOUNT, "archive") == line


def test_a_part_leaves_the_model_to_the_whole() -> None:
    """Of some fragments, files are compared with files, and the rest is named."""
    assert part_line(ACCOUNT, "archive", 2) == (
        "Of 2 files: source 100 bytes, archive 50 bytes: 2 times smaller "
        "(model and all else, 13 bytes, serve the whole archive)"
    )
    assert part_line(ACCOUNT, "features", 1).startswith("Of 1 file: source")


def test_a_forecast_names_its_option() -> None:
    """A forecast says which tolerance it is for."""
    line = forecast_line(7_870_000, 2_900_000, "1 %")
    assert line == "Forecast, 1 %: source 7.87 MB, archive about 2.9 MB, 2.71 times smaller"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (200, 100, "2 times smaller"),
        (100, 200, "2 times larger"),
        (1000, 1001, "as large"),
        (0, 7, "nothing to compare"),
        (7, 0, "nothing to compare"),
    ],
)
def test_times_are_in_words(before: int, after: int, expected: str) -> None:
    """A ratio below one is said as larger; without bytes there is none."""
    assert times_words(before, after) == expected


@given(st.integers(0, 10**17))
def test_sizes_are_near_and_short(n_bytes: int) -> None:
    """A size has at most three digits and a unit, and is within half a percent of the bytes."""
    number, unit = size_words(n_bytes).split()
    scale = 1000 ** ("bytes", "kB", "MB", "GB", "TB", "PB").index(unit)
    assert len(number.replace(".", "")) <= 3
    assert abs(float(number) * scale - n_bytes) <= 0.005 * n_bytes


def test_every_form_starts_with_the_headline() -> None:
    """Text, Markdown and HTML of a report lead with the table as a whole."""
    shown = report(None, verb="encode")
    line = present(shown).headline()
    assert line == whole_line(ACCOUNT, "archive")
    assert as_text(shown).startswith(line)
    assert as_html(shown).startswith(f"<p>{line}</p>")
    assert as_markdown(shown).startswith("Source 100 bytes")


def test_what_is_not_the_whole_does_not_claim_it() -> None:
    """A selection, and a run with failures, are compared file by file; nothing has no headline."""
    for part in (replace(report(None), is_partial=True), report(None, failures=1)):
        assert present(part).headline().startswith("Of 1 file")
    empty = replace(report(None).total, n_fragments=0)
    assert present(replace(report(None), total=empty)).headline() == ""
