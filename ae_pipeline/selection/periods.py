"""Spans of time by the calendar: years, quarters, months, ISO weeks, days and times of day.

Each function raises `ValueError` if there is no such period, such as the month 13; the message is a
phrase: `no month 13`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

_DAY = timedelta(days=1)
_MIDNIGHT = datetime.min.time()


class Span(NamedTuple):
    """From `begin` until just before `end`, in UTC."""

    begin: datetime
    end: datetime

    def holds(self, other: Span) -> bool:
        """Whether all of the other span lies within."""
        return self.begin <= other.begin and other.end <= self.end

    def meets(self, other: Span) -> bool:
        """Whether both spans have any time in common."""
        return self.begin < other.end and other.begin < self.end


def year_span(year: int) -> Span:
    """Return a year, from 1 on."""
    if not year:
        raise ValueError("no year 0000")
    return Span(datetime(year, 1, 1), _start_of_month(year + 1, 1))


def month_span(year: int, month: int) -> Span:
    """Return a month, from 1 to 12."""
    if not 1 <= month <= 12:
        raise ValueError(f"no month {month:02}")
    year_span(year)
    return Span(datetime(year, month, 1), _start_of_month(year + month // 12, month % 12 + 1))


def quarter_span(year: int, quarter: int) -> Span:
    """Return three months; `quarter` is from 1 to 4."""
    if not 1 <= quarter <= 4:
        raise ValueError(f"no quarter {quarter}")
    return Span(month_span(year, 3 * quarter - 2).begin, month_span(year, 3 * quarter).end)


def week_span(year: int, week: int) -> Span:
    """Return a week of ISO 8601: the first one has the year's first Thursday."""
    first = weekday_span(year, week, 1).begin
    return Span(first, _later(first, 7 * _DAY))


def weekday_span(year: int, week: int, weekday: int) -> Span:
    """Return a day of an ISO week, 1 for Monday."""
    try:
        begin = datetime.combine(date.fromisocalendar(year, week, weekday), _MIDNIGHT)
    except ValueError:
        raise ValueError(f"no day {weekday} of week {week:02} in {year}") from None
    return Span(begin, _later(begin, _DAY))


def ordinal_span(year: int, number: int) -> Span:
    """Return a day by its number in the year, from 1 on."""
    begin = year_span(year).begin + (number - 1) * _DAY
    if begin.year != year:
        raise ValueError(f"no day {number} in {year}")
    return Span(begin, _later(begin, _DAY))


def day_span(year: int, month: int, day: int) -> Span:
    """Return a day of a month."""
    whole = month_span(year, month)
    if not 1 <= day <= (whole.end - whole.begin).days + (whole.end == datetime.max):
        raise ValueError(f"no day {day:02} in {year}-{month:02}")
    begin = datetime(year, month, day)
    return Span(begin, _later(begin, _DAY))


def time_span(day: datetime, parts: Mapping[str, str | None]) -> Span:
    """Return a time of day, as long as it is precise; a fraction counts to the microsecond.

    Args:
        day: its midnight, or any time of it; the parts replace hours, minutes and seconds.
        parts: digits of `hour`, `minute`, `second` and `fraction`, as far as they are given.
    """
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"no time {hour:02}:{minute:02}:{second:02}")
    fraction = (parts.get("fraction") or "")[:6]
    begin = day.replace(hour=hour, minute=minute, second=second)
    begin += timedelta(microseconds=int(fraction.ljust(6, "0")))
    return Span(begin, _later(begin, _precision(parts, fraction)))


def _precision(parts: Mapping[str, str | None], fraction: str) -> timedelta:
    """Return how long a time is, by the finest part that is given."""
    if fraction:
        return timedelta(microseconds=10 ** (6 - len(fraction)))
    if parts.get("second"):
        return timedelta(seconds=1)
    return timedelta(minutes=1) if parts.get("minute") else timedelta(hours=1)


def in_utc(span: Span, zone: str) -> Span:
    """Return a span of local time in UTC.

    Args:
        span: in the time zone.
        zone: upper case: Z, UTC, GMT, or an offset such as +02, +0200 or +02:00.
    """
    if zone in ("Z", "UTC", "GMT"):
        return span
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(f"no time zone {zone}")
    ahead = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    try:
        return Span(span.begin - ahead, span.end - ahead)
    except OverflowError:
        raise ValueError(f"no time {span.begin} {zone} in UTC") from None


def whole_of(unit: str, begin: datetime) -> Span:
    """Return the span that a unit is a part of: a year for months, an hour for minutes."""
    if unit in SPANS_OF_YEARS:
        return year_span(begin.year)
    if unit == "day":
        return month_span(begin.year, begin.month)
    step = timedelta(hours=1) if unit == "minute" else timedelta(minutes=1)
    return Span(begin, _later(begin, step))


def is_day(span: Span) -> bool:
    """Whether a span is one day, from midnight to midnight."""
    midnight = datetime.combine(span.begin, _MIDNIGHT)
    return span == Span(midnight, _later(midnight, _DAY))


def _start_of_month(year: int, month: int) -> datetime:
    """Return the first midnight of a month; time ends where `datetime` does."""
    return datetime.max if year > 9999 else datetime(year, month, 1)


def _later(moment: datetime, step: timedelta) -> datetime:
    return moment + min(step, datetime.max - moment)


#: Units that need no more than the year, with their functions of the year and a number.
SPANS_OF_YEARS: Mapping[str, Callable[[int, int], Span]] = {
    "month": month_span,
    "quarter": quarter_span,
    "week": week_span,
    "ordinal": ordinal_span,
}
