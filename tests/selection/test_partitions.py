"""Which partitions a backfill looks at, and in which order."""

from __future__ import annotations

import sys

import pytest

from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.errors import MissingExtraError
from ae_pipeline.selection import select_partitions
from tests.selection.test_predicate import fragments_of
from tests.support.checks import assert_one_line

DAYS = fragments_of(*(f"date=2024-05-{day:02}" for day in range(1, 6)))


def selected(**settings: object) -> list[str]:
    """Days of the month that settings select, in order."""
    chosen = select_partitions(DAYS, BackfillConfig.model_validate(settings))
    return [fragment.partition[-2:] for fragment in chosen]


def test_without_criteria_everything_is_selected() -> None:
    """An empty selection is the whole dataset, in its order."""
    assert selected() == ["01", "02", "03", "04", "05"]


def test_criteria_narrow_each_other() -> None:
    """Predicate and range apply first, then lookback counts the dates that are left."""
    narrowed = {"where": "date <> '2024-05-04'", "start": "2024-05-02"}
    assert selected(**narrowed) == ["02", "03", "05"]
    assert selected(**narrowed, lookback=2) == ["03", "05"]
    assert selected(**narrowed, lookback=2, order="desc") == ["05", "03"]


def test_no_match_is_a_warning_with_the_values_there_are(caplog: pytest.LogCaptureFixture) -> None:
    """A selection that matches nothing names what it asked for, and the dates of the dataset."""
    assert selected(start="2025") == []
    (record,) = caplog.records
    assert record.getMessage() == (
        "no partition matches backfill.start 2025: there is date 2024-05-01, 2024-05-02, "
        "2024-05-03, 2024-05-04, 2024-05-05"
    )


def test_a_predicate_without_sqlglot_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a predicate needs sqlglot; where it is missing, one line says how to install it."""
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    assert selected(start="2024-05-05") == ["05"]
    with pytest.raises(MissingExtraError) as missing:
        selected(where="date > '2024'")
    assert_one_line(missing.value, "sqlglot", 'pip install "ae-pipeline[cli]"')
