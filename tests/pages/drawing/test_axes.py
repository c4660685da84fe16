"""Labels that fit."""

from __future__ import annotations

from datetime import UTC, datetime

from ae_pipeline.pages.drawing import date_labels, distinct_labels, shortened


def test_names_keep_both_ends() -> None:
    """A long name keeps its beginning and its end in as many letters as fit."""
    assert shortened("temperature") == "temperature"
    assert shortened("air_filter_difference_pressure", 24) == "air_filter_diff…pressure"
    assert len(shortened("x" * 99, 24)) == 24


def test_dates_are_as_brief_as_possible() -> None:
    """Years alone, months, days or hours, whichever tells dates apart."""
    assert date_labels([datetime(year, 1, 1, tzinfo=UTC) for year in (2023, 2024)]) == [
        "2023",
        "2024",
    ]
    assert date_labels([datetime(2024, month, 1, tzinfo=UTC) for month in (1, 2)])[1] == "2024-02"
    assert date_labels([datetime(2024, 1, day, tzinfo=UTC) for day in (1, 9)])[1] == "2024-01-09"
    hours = date_labels([datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in (1, 2)])
    assert hours == ["2024-01-01 01:00", "2024-01-01 02:00"]


def test_long_names_are_told_apart() -> None:
    """Names that differ in their middle alone keep it, with as much around it as fits."""
    names = [f"plant_7_sensor_{n:03}_temperature_degrees" for n in range(60)]
    labels = distinct_labels(names)
    assert len(set(labels)) == 60
    assert max(map(len, labels)) <= 24
    assert all(f"{n:02}" in label for n, label in enumerate(labels))
    assert distinct_labels(["a", "b"]) == ["a", "b"]
    assert distinct_labels(["same", "same"]) == ["same", "same"]
    assert distinct_labels([]) == []
