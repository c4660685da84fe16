"""Find the partition keys that hold dates, and with them the date of each fragment.

A table may have several such keys, and keys such as `station=2013` that only look like dates. The
key is chosen once for the whole table, by its name and by all of its values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from ae_pipeline.dataset import Fragment, partition_values
from ae_pipeline.selection.periods import Span
from ae_pipeline.selection.spans import narrow, read_span

#: Names of keys for parts of dates, in the order in which they narrow a date.
_YEARS = ("year", "yr", "yyyy", "y")
_PARTS: dict[str, tuple[str, ...]] = {
    "month": ("month", "mon", "mm", "m"),
    "quarter": ("quarter", "qtr", "q"),
    "week": ("week", "wk", "w"),
    "day": ("day", "dd", "d"),
    "time": ("time",),
    "hour": ("hour", "hr", "hh", "h"),
    "minute": ("minute", "min", "mi"),
    "second": ("second", "sec", "ss"),
}
#: Names of keys for dates, and the fewest digits of a date that is written with digits alone:
#: `date=2013` is a year, `hour=2013` is not a date.
_WHOLE = 8
_LEAST_DIGITS = {
    **dict.fromkeys((*_YEARS, "date", "dt", "ds", "ts", "timestamp", "datetime", "period"), 4),
    **dict.fromkeys(("month", "yyyymm", "ym", "yearmonth"), 6),
    **dict.fromkeys(
        ("ymd", "yyyymmdd", "quarter", "week", "day", "hour", "minute", "time"), _WHOLE
    ),
}
#: Digits under any other name are taken as a date if they lie in these years.
_LIKELY = range(1900, 2200)
#: The rank of keys that hold no dates.
_NEVER = 9


@dataclass(frozen=True)
class Dated:
    """A fragment's date.

    Args:
        span: None if it has none.
        fault: why it has none, if it is written like a date that does not exist.
    """

    span: Span | None
    fault: str = ""


def dates_of(fragments: Sequence[Fragment]) -> list[Dated]:
    """Return the date of each fragment, in their order."""
    values = [partition_values(fragment) for fragment in fragments]
    names = _keys_of_dates(values)
    return [_date_of(value, names) for value in values]


def _date_of(values: Mapping[str, str | None], names: Sequence[str]) -> Dated:
    """Read the date from the best key that a path has; other keys may make it more precise.

    Args:
        values: values of one path, by key.
        names: keys that hold dates, the best first.
    """
    there = [name for name in names if name in values]
    try:
        span = _read(there[0], values) if there else None
        for unit, text in _parts_of(values).items():
            span = span and (narrow(span, unit, text) or span)
    except ValueError as error:
        return Dated(None, str(error))
    for name in there[1:]:
        finer = _read_or_none(name, values[name])
        span = finer if span and finer and span.holds(finer) else span
    return Dated(span)


def _read(name: str, values: Mapping[str, str | None]) -> Span | None:
    text = values[name]
    return read_span(text) if text is not None and _may_be_date(name, text) else None


def _parts_of(values: Mapping[str, str | None]) -> dict[str, str]:
    """Return the values of keys named like parts of dates, from months down to seconds."""
    named = {name.lower(): value for name, value in values.items() if value is not None}
    found = {
        unit: next((named[name] for name in names if name in named), None)
        for unit, names in _PARTS.items()
    }
    return {unit: text for unit, text in found.items() if text is not None}


def _keys_of_dates(values: Sequence[Mapping[str, str | None]]) -> list[str]:
    """Return keys that hold dates, the best first: `date=`, `year=`, `event_date=`, then others."""
    texts: dict[str, set[str]] = {}
    for value in values:
        for name, text in value.items():
            texts.setdefault(name, set()).update(() if text is None else (text,))
    ranks = {name: _rank(name, known) for name, known in texts.items()}
    return sorted((name for name in ranks if ranks[name] < _NEVER), key=ranks.__getitem__)


def _rank(name: str, texts: Collection[str]) -> int:
    """Rank a key by its name and values; 0 is the likeliest to hold dates."""
    spans = [_read_or_none(name, text) for text in texts]
    known = [span for span in spans if span is not None]
    if not known:
        return _NEVER
    if name.lower() in _LEAST_DIGITS:
        return 1 if name.lower() in _YEARS else 0
    if any(word in _LEAST_DIGITS for word in _words(name)):
        return 2
    if not all(text.isdecimal() for text in texts):
        return 3 if 2 * len(known) >= len(texts) else _NEVER
    is_likely = len(known) == len(texts) and all(span.begin.year in _LIKELY for span in known)
    return 4 if is_likely else _NEVER


def _words(name: str) -> list[str]:
    """Split a name into lower-case words: `event_date` and `eventDate` give event, date."""
    return re.findall("[a-z]+", re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _may_be_date(name: str, text: str) -> bool:
    """Whether a text is not digits alone, or has enough of them for a key of that name."""
    least = min(map(_LEAST_DIGITS.get, _words(name), repeat(_WHOLE)), default=_WHOLE)
    return not text.isdecimal() or len(text) >= least


def _read_or_none(name: str, text: str | None) -> Span | None:
    """As `_read`, but None for days that do not exist."""
    try:
        return _read(name, {name: text})
    except ValueError:
        return None
