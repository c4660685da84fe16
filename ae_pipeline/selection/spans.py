"""Read dates as people write them: a text is the span of time that it names.

`2013` is a year, `2024-W07` seven days, `20240517T06` an hour. Times with a zone are converted to
UTC, those without one are taken as UTC.
"""

from __future__ import annotations

import re

from ae_pipeline.selection.periods import (
    SPANS_OF_YEARS,
    Span,
    day_span,
    in_utc,
    is_day,
    time_span,
    weekday_span,
    whole_of,
    year_span,
)

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


def read_span(text: str) -> Span | None:
    """Return the span that a text names, or None if it is not written like a date.

    Raises:
        ValueError: it is written like a date, but there is no such day or time; the message says
            which.
    """
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _span_of({name: part for name, part in found.groupdict().items() if part})
    return None


def narrow(span: Span, unit: str, text: str) -> Span | None:
    """Return the part of a span that a folder below it names, such as the hour 06 of a day.

    Args:
        span: a year for months, quarters and ISO weeks; a month for days; and so on down.
        unit: month, quarter, week, day, time, hour, minute or second.
        text: the folder's value.

    Returns:
        None if the unit is no part of such a span, or the text does not name one.

    Raises:
        ValueError: there is no such part, such as the month 13.
    """
    begin = span.begin
    if unit in ("time", "hour"):
        clock = _CLOCK.fullmatch(text) if is_day(span) else None
        return None if clock is None else time_span(begin, clock.groupdict())
    number = _number(unit, text)
    if number is None or span != whole_of(unit, begin):
        return None
    if unit == "day":
        return day_span(begin.year, begin.month, number)
    if unit in SPANS_OF_YEARS:
        return SPANS_OF_YEARS[unit](begin.year, number)
    clock_parts = {"hour": begin.hour, "minute": begin.minute, unit: number}
    shown = clock_parts if unit == "second" else {**clock_parts, "minute": number}
    return time_span(begin, {name: str(part) for name, part in shown.items()})


def _span_of(parts: dict[str, str]) -> Span:
    year = int(parts["year"])
    if "weekday" in parts:
        return weekday_span(year, int(parts["week"]), int(parts["weekday"]))
    for unit, span_of in SPANS_OF_YEARS.items():
        if unit in parts and "day" not in parts:
            return span_of(year, int(parts[unit]))
    return year_span(year) if "month" not in parts else _day_or_time(year, parts)


def _day_or_time(year: int, parts: dict[str, str]) -> Span:
    span = day_span(year, int(parts["month"]), int(parts["day"]))
    if "hour" not in parts:
        return span
    return in_utc(time_span(span.begin, parts), parts.get("zone", "Z").upper())


def _number(unit: str, text: str) -> int | None:
    """Return a part's number, also from `Jan`, `Q1` and `W07`; None if the text has none."""
    name = text.lower()
    if unit == "month" and name[:3] in _MONTHS and name.isalpha():
        return _MONTHS.index(name[:3]) + 1
    if unit in ("quarter", "week"):
        name = name.removeprefix(unit[0])
    return int(name) if re.fullmatch("[0-9]{1,2}", name) else None
