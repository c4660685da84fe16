"""Dates as people write them → the span of time that they name, as long as they are precise.

`2013` is a year, `2024-W07` seven days, `20240517T06` an hour. Times with a zone are turned into
UTC, those without one are taken for it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

_YEAR = r"(?P<year>[0-9]{4})"
_TIME = (
    r"(?P<hour>[0-9]{1,2})(?:(?P<colon>[:._-]?)(?P<minute>[0-9]{2})"
    r"(?:(?P=colon)(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?)?"
)
_ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        _YEAR,
        rf"{_YEAR}(?:[-_/](?P<month>[0-9]{{1,2}}))",
        rf"{_YEAR}(?P<month>[0-9]{{2}})",
        rf"{_YEAR}(?P<dash>[-_/.])(?P<month>[0-9]{{1,2}})(?P=dash)(?P<day>[0-9]{{1,2}})"
        rf"(?:[T _-]{_TIME}{_ZONE})?",
        rf"{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})"
        rf"(?:(?:[T _-]|(?=[0-9]{{2}}(?:[0-9]{{2}})*(?:[^0-9]|$))){_TIME}{_ZONE})?",
        rf"{_YEAR}[-_ ]?W(?P<week>[0-9]{{1,2}})(?:-?(?P<weekday>[0-9]))?",
        rf"{_YEAR}[-_ ]?Q(?P<quarter>[0-9])",
        rf"{_YEAR}-(?P<ordinal>[0-9]{{3}})",
    )
)
_CLOCK = re.compile(_TIME)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = timedelta(days=1)


class Span(NamedTuple):
    """From `begin` until just before `end`, in UTC."""

    begin: datetime
    end: datetime

    def holds(self, other: Span) -> bool:
        """Whether all of the other lies within."""
        return self.begin <= other.begin and other.end <= self.end

    def meets(self, other: Span) -> bool:
        """Whether they have any time in common."""
        return self.begin < other.end and other.begin < self.end


def read_span(text: str) -> Span | None:
    """The span that a text names; None if it is not written like a date.

    Raises:
        ValueError: it is, but there is no such day or time; the message says which.
    """
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _span_of({name: part for name, part in found.groupdict().items() if part})
    return None


def narrow(span: Span, unit: str, text: str) -> Span | None:
    """The part of a span that a folder below its own names, such as the hour 06 of a day.

    Args:
        span: a year for months, quarters and ISO weeks; a month for days; and so on down.
        unit: month, quarter, week, day, time, hour, minute or second.
        text: the folder's value.

    Returns:
        None if the span is not what the unit is a part of, or the text is none of the unit's.

    Raises:
        ValueError: there is no such part, such as the month 13.
    """
    begin = span.begin
    if unit in ("time", "hour"):
        clock = _CLOCK.fullmatch(text) if _is_day(span) else None
        return None if clock is None else _at(begin, clock.groupdict())
    number = _number(unit, text)
    if number is None or span != _whole(unit, begin):
        return None
    if unit == "day":
        return _day(begin.year, begin.month, number)
    if unit in _OF_YEARS:
        return _OF_YEARS[unit](begin.year, number)
    clock_parts = {"hour": begin.hour, "minute": begin.minute, unit: number}
    shown = clock_parts if unit == "second" else {**clock_parts, "minute": number}
    return _at(begin, {name: str(part) for name, part in shown.items()})


def _whole(unit: str, begin: datetime) -> Span:
    """What a unit is a part of: a year of its months, an hour of its minutes."""
    if unit in _OF_YEARS:
        return _year(begin.year)
    if unit == "day":
        return _month(begin.year, begin.month)
    step = timedelta(hours=1) if unit == "minute" else timedelta(minutes=1)
    return Span(begin, _later(begin, step))


def _span_of(parts: dict[str, str]) -> Span:
    year = int(parts["year"])
    if "weekday" in parts:
        return _weekday(year, int(parts["week"]), int(parts["weekday"]))
    for unit, span_of in _OF_YEARS.items():
        if unit in parts and "day" not in parts:
            return span_of(year, int(parts[unit]))
    return _year(year) if "month" not in parts else _day_or_time(year, parts)


def _day_or_time(year: int, parts: dict[str, str]) -> Span:
    span = _day(year, int(parts["month"]), int(parts["day"]))
    if "hour" not in parts:
        return span
    return _in_utc(_at(span.begin, parts), parts.get("zone", "Z").upper())


def _year(year: int) -> Span:
    if not year:
        raise ValueError("no year 0000")
    return Span(datetime(year, 1, 1), _start_of(year + 1, 1))


def _month(year: int, month: int) -> Span:
    if not 1 <= month <= 12:
        raise ValueError(f"no month {month:02}")
    _year(year)
    return Span(datetime(year, month, 1), _start_of(year + month // 12, month % 12 + 1))


def _quarter(year: int, quarter: int) -> Span:
    if not 1 <= quarter <= 4:
        raise ValueError(f"no quarter {quarter}")
    return Span(_month(year, 3 * quarter - 2).begin, _month(year, 3 * quarter).end)


def _week(year: int, week: int) -> Span:
    """ISO 8601's: the first has the year's first Thursday."""
    first = _weekday(year, week, 1).begin
    return Span(first, _later(first, 7 * _DAY))


def _weekday(year: int, week: int, weekday: int) -> Span:
    try:
        begin = datetime.combine(date.fromisocalendar(year, week, weekday), _MIDNIGHT)
    except ValueError:
        raise ValueError(f"no day {weekday} of week {week:02} in {year}") from None
    return Span(begin, _later(begin, _DAY))


def _ordinal(year: int, number: int) -> Span:
    begin = _year(year).begin + (number - 1) * _DAY
    if begin.year != year:
        raise ValueError(f"no day {number} in {year}")
    return Span(begin, _later(begin, _DAY))


def _day(year: int, month: int, day: int) -> Span:
    whole = _month(year, month)
    if not 1 <= day <= (whole.end - whole.begin).days + (whole.end == datetime.max):
        raise ValueError(f"no day {day:02} in {year}-{month:02}")
    begin = datetime(year, month, day)
    return Span(begin, _later(begin, _DAY))


def _at(day: datetime, parts: dict[str, str | None] | dict[str, str]) -> Span:
    """A time of a day, as long as it is precise; a fraction counts to the microsecond."""
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"no time {hour:02}:{minute:02}:{second:02}")
    fraction = (parts.get("fraction") or "")[:6]
    begin = day.replace(hour=hour, minute=minute, second=second)
    begin += timedelta(microseconds=int(fraction.ljust(6, "0")))
    if fraction:
        return Span(begin, _later(begin, timedelta(microseconds=10 ** (6 - len(fraction)))))
    if parts.get("second"):
        return Span(begin, _later(begin, timedelta(seconds=1)))
    step = timedelta(minutes=1) if parts.get("minute") else timedelta(hours=1)
    return Span(begin, _later(begin, step))


def _in_utc(span: Span, zone: str) -> Span:
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


def _number(unit: str, text: str) -> int | None:
    """A part's number, also of names of months and of `Q1` and `W07`; None if it has none."""
    name = text.lower()
    if unit == "month" and name[:3] in _MONTHS and name.isalpha():
        return _MONTHS.index(name[:3]) + 1
    if unit in ("quarter", "week"):
        name = name.removeprefix(unit[0])
    return int(name) if re.fullmatch("[0-9]{1,2}", name) else None


def _is_day(span: Span) -> bool:
    return span == Span(_midnight(span.begin), _later(_midnight(span.begin), _DAY))


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment, _MIDNIGHT)


def _start_of(year: int, month: int) -> datetime:
    """Of a month; the end of time is as far as `datetime` goes."""
    return datetime.max if year > 9999 else datetime(year, month, 1)


def _later(moment: datetime, step: timedelta) -> datetime:
    return moment + min(step, datetime.max - moment)


_MIDNIGHT = datetime.min.time()
#: Parts that need no more than the year, each from the year and its number.
_OF_YEARS = {"month": _month, "quarter": _quarter, "week": _week, "ordinal": _ordinal}
