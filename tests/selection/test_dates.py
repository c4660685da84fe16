"""Dates of partitions, as people write them: ranges, the last dates, and undated partitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.errors import ConfigError
from ae_pipeline.selection import fragments_between, latest, latest_first
from ae_pipeline.selection.periods import Span
from ae_pipeline.selection.spans import read_span
from tests.selection.test_predicate import NULL, fragments_of
from tests.support.checks import assert_one_line

UNDATED = "no date and cannot be selected by it"


def between(partitions: Sequence[str], start: str | None, end: str | None) -> list[str]:
    """Partitions of a range."""
    return [one.partition for one in fragments_between(fragments_of(*partitions), start, end)]


def last(partitions: Sequence[str], n_last: int) -> list[str]:
    """Partitions of the last `n_last` dates."""
    return [one.partition for one in latest(fragments_of(*partitions), n_last)]


TIMES = ["ts=2024-01-01 00%3A00%3A00", "ts=2024-01-01 06%3A30%3A00", "ts=2024-01-02 07%3A15%3A30.5"]


def test_times_of_day_are_dates() -> None:
    """Minutes, seconds and fractions count: a day holds them, and each is a date of its own."""
    assert between(TIMES, "2024-01-01", None) == TIMES
    assert between(TIMES, "2024-01-01T06:30", "2024-01-01T06:30") == [TIMES[1]]
    assert between(TIMES, "2024-01-01T06:30:01", "2024-01-02") == [TIMES[2]]
    assert between(TIMES, None, "2024-01-01 00:00:00") == [TIMES[0]]
    assert last(TIMES, 1) == [TIMES[2]]


@pytest.mark.parametrize(
    "folders",
    [
        "date=2024-05-17/hour={hour:02}",
        "dt=20240517/hr={hour}",
        "date=2024-05-17/time={hour:02}%3A00%3A00",
        "date=2024-05-17/hour={hour:02}00",
        "year=2024/month=05/day=17/hour={hour:02}",
        "year=2024/month=May/day=17/hour={hour}",
        "yr=2024/mon=5/day=17/hh={hour}",
        "y=2024/m=05/d=17/h={hour}",
        "year=2024/month=2024-05/day=2024-05-17/hour=2024-05-17-{hour:02}",
        "month=2024-05/day=17/hour={hour}",
        "month=202405/day=20240517/hour=20240517{hour:02}",
        "hour=20240517{hour:02}",
        "hour=2024-05-17T{hour:02}",
        "event_ts=20240517T{hour:02}0000Z",
        "ts=2024-05-17T{hour:02}%3A00%3A00%2B00%3A00",
        "ts=2024-05-16T{before:02}%3A30%3A00-23%3A30",
        "run_id=20240101123/date=2024-05-17/hour={hour:02}",
        "station=2013/hour={hour:02}/date=2024-05-17",
        "version=20240101/year=2024/month=5/day=17/hour={hour}",
        "batch={hour:02}/dt=2024-05-17-{hour:02}-00",
    ],
)
def test_hours(folders: str) -> None:
    """One key or several give the hour of a day, in any of the usual ways."""
    hours = [folders.format(hour=hour, before=hour) for hour in (5, 6, 7)]
    assert between(hours, "2024-05-17T06", "2024-05-17T06") == [hours[1]]
    assert between(hours, "2024-05-17", "2024-05-17 06:59") == hours[:2]
    assert last(hours, 1) == [hours[2]]
    assert [one.partition for one in latest_first(fragments_of(*hours))] == hours[::-1]


@pytest.mark.parametrize(
    ("partitions", "first"),
    [
        (["date=20240517", "date=20240518"], "2024-05-18"),
        (["date=2024_05_17", "date=2024_05_18"], "2024-05-18"),
        (["date=2024%2F5%2F7", "date=2024%2F5%2F18"], "2024-05-18"),
        (["month=202404", "month=202405"], "2024-05"),
        (["date=2023", "date=2024"], "2024"),
        (["week=2024-W06", "week=2024-W07"], "2024-02-12"),
        (["year=2024/week=6", "year=2024/week=07"], "2024-W07"),
        (["period=2023Q4", "period=2024Q1"], "2024-01-01"),
        (["year=2024/quarter=1", "year=2024/quarter=Q2"], "2024Q2"),
        (["day=2024-136", "day=2024-137"], "2024-05-16"),
        (["station=1/id=20240517", "station=1/id=20240518"], "2024-05-18"),
        (["hour=2024-05-17-06", "hour=2024-05-17-07"], "2024-05-17T07"),
        (["ts=2024-05-17T23:30:00-01:00", "ts=2024-05-18T00:31:00Z"], "2024-05-18T00:31"),
    ],
)
def test_dates_without_times(partitions: list[str], first: str) -> None:
    """Compact days, weeks, quarters and days of the year last as long as they name."""
    assert between(partitions, first, None) == partitions[1:]
    assert last(partitions, 1) == partitions[1:]


@pytest.mark.parametrize(
    "partitions",
    [
        ["station=2013", "station=2014"],
        ["id=2024"],
        ["id=202401"],
        ["run_id=20240101123"],
        ["hour=2013"],
        ["version=1.2", "version=1.3"],
        ["id=20240101", "id=20249999"],
        ["month=05"],
    ],
)
def test_what_only_looks_like_a_date(partitions: list[str]) -> None:
    """Numbers under a name that does not suggest a date are not dates."""
    with pytest.raises(ConfigError, match="no partition key is a date"):
        between(partitions, "2013", None)


def test_keys_that_look_like_dates_leave_it_to_better_ones() -> None:
    """`date=` and `year=` come before other keys, and a day stays within its year."""
    assert between(["batch=20230101/date=2024-05-17"], "2024", None)
    assert not between(["batch=20230101/date=2024-05-17"], None, "2023")
    assert between(["year=2024/month=5/load_date=2025-01-01"], None, "2024-06")
    assert not between(["year=2024/month=5/load_date=2025-01-01"], "2025", None)


def test_layouts_may_change_over_time() -> None:
    """Partitions of an earlier layout get their dates from their own keys."""
    partitions = ["year=2023/month=12", "date=2024-01-01", "date=2024-01-02"]
    assert between(partitions, "2023-12", "2024-01-01") == partitions[:2]


@pytest.mark.parametrize(
    ("partition", "named"),
    [
        ("date=2013-02-30", "date=2013-02-30 (no day 30 in 2013-02)"),
        ("date=20131301", "date=20131301 (no month 13)"),
        ("date=2013-01-01T25", "date=2013-01-01T25 (no time 25:00:00)"),
        ("year=2013/month=13", "year=2013/month=13 (no month 13)"),
        ("date=2013-01-01/hour=24", "date=2013-01-01/hour=24 (no time 24:00:00)"),
        ("date=unknown", "date=unknown"),
        (f"date={NULL}", f"date={NULL}"),
        ("elsewhere", "elsewhere"),
    ],
)
def test_undated_partitions_are_named(
    partition: str, named: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Partitions without a date, or with one that does not exist, are left out and named."""
    partitions = ["date=2013-05-01", "year=2013/month=6", partition]
    assert between(partitions, "2013", None) == partitions[:2]
    assert last(partitions, 5) == partitions[:2]
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"1 partition has {UNDATED}: {named}"] * 2
    ordered = [one.partition for one in latest_first(fragments_of(*partitions))]
    assert ordered == [*partitions[1::-1], partition]


def test_many_undated_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Only the first few undated partitions are named."""
    between(["date=2013", *(f"date=x{number}" for number in range(9))], "2013", None)
    (record,) = caplog.records
    assert record.getMessage() == f"9 partitions have {UNDATED}: " + (
        "date=x0, date=x1, date=x2, date=x3 and 5 more"
    )


def test_coarser_partitions_come_along() -> None:
    """A year without finer partitions counts as one date; otherwise it joins its last day."""
    partitions = ["date=2023", "date=2024", "date=2024-01-01", "date=2024-01-02"]
    assert last(partitions, 1) == ["date=2024", "date=2024-01-02"]
    assert last(partitions, 3) == partitions
    assert between(partitions, "2024-01-02", None) == ["date=2024", "date=2024-01-02"]


@pytest.mark.parametrize(
    ("bound", "fault"),
    [
        ("2013-02-30", "got 2013-02-30 (no day 30 in 2013-02)"),
        ("2013-05-17T24:00", "no time 24:00:00"),
        ("17.05.2013", "not a date"),
        ("", "not a date"),
        ("yesterday", "not a date"),
    ],
)
def test_bounds_that_are_not_dates(bound: str, fault: str) -> None:
    """A bound that is not a date, or an impossible one, is refused with the reason."""
    for choice in ((bound, None), (None, bound)):
        with pytest.raises(ConfigError) as caught:
            between(["date=2013"], *choice)
        assert_one_line(caught.value, fault)


def test_the_ends_of_time() -> None:
    """The first and the last day of the calendar can be selected."""
    days = ["date=0001-01-01", "date=9999-12-31"]
    assert between(days, None, "0001") == days[:1]
    assert between(days, "9999-12-31", None) == days[1:]


@given(st.datetimes(), st.sampled_from(["minutes", "seconds", "microseconds"]))
def test_iso_times_are_read_as_python_writes_them(moment: datetime, precision: str) -> None:
    """A time that `isoformat` wrote begins then and lasts one unit of its last digit."""
    step = timedelta(**{precision: 1})
    text = moment.isoformat(timespec=precision)
    begin = datetime.fromisoformat(text)
    assert read_span(text) == Span(begin, begin + min(step, datetime.max - begin))


@given(st.from_regex(r"[0-9]{4}[-_/. TWQ0-9:+Zz]{0,20}", fullmatch=True))
def test_no_text_breaks_dates(text: str) -> None:
    """A text like a date gives a span, nothing, or an error that names the fault."""
    try:
        span = read_span(text)
    except ValueError:
        return
    assert span is None or span.begin < span.end
