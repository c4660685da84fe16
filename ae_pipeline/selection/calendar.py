"""Which partition keys tell the date, and what date they tell of each fragment.

A table may have several keys that look like dates, and keys such as `station=2013` that only look
like ones. The key is chosen once for the whole table, by its name and by all of its values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from ae_pipeline.dataset import Fragment, partition_values
from ae_pipeline.selection.spans import Span, narrow, read_span

#: What keys for parts of dates are called, in the order in which they narrow a date.
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
#: What keys for dates are called, and how many digits a date of theirs has at least when it is
#: written without any mark: `date=2013` is a year, `hour=2013` is none.
_WHOLE = 8
_LEAST_DIGITS = {
    **dict.fromkeys((*_YEARS, "date", "dt", "ds", "ts", "timestamp", "datetime", "period"), 4),
    **dict.fromkeys(("month", "yyyymm", "ym", "yearmonth"), 6),
    **dict.fromkeys(
        ("ymd", "yyyymmdd", "quarter", "week", "day", "hour", "minute", "time"), _WHOLE
    ),
}
#: The years in which digits under a name that says nothing are taken for a date.
_LIKELY = range(1900, 2200)
#: The rank of keys that tell no date.
_NEVER = 9


@dataclass(frozen=True)
class Dated:
    """A fragment's date.

    Args:
        span: None if it has none.
        fault: what is wrong with it, if it is written like a date that does not exist.
    """

    span: Span | None
    fault: str = ""


def dates_of(fragments: Sequence[Fragment]) -> list[Dated]:
    """The date of each fragment."""
    values = [partition_values(fragment) for fragment in fragments]
    names = _keys_of_dates(values)
    return [_date_of(value, names) for value in values]


def _date_of(values: Mapping[str, str | None], names: Sequence[str]) -> Dated:
    """From the first of the named keys that the path has; other keys may make it more precise.

    Args:
        values: of one path, by key.
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
        finer = _tried(name, values[name])
        span = finer if span and finer and span.holds(finer) else span
    return Dated(span)


def _read(name: str, values: Mapping[str, str | None]) -> Span | None:
    text = values[name]
    return read_span(text) if text is not None and _may_be_date(name, text) else None


def _parts_of(values: Mapping[str, str | None]) -> dict[str, str]:
    """Values of the keys that are called like parts of dates, from months down to seconds."""
    named = {name.lower(): value for name, value in values.items() if value is not None}
    found = {
        unit: next((named[name] for name in names if name in named), None)
        for unit, names in _PARTS.items()
    }
    return {unit: text for unit, text in found.items() if text is not None}


def _keys_of_dates(values: Sequence[Mapping[str, str | None]]) -> list[str]:
    """Keys that hold dates, the best first: `date=`, `year=`, `event_date=`, then by values."""
    texts: dict[str, set[str]] = {}
    for value in values:
        for name, text in value.items():
            texts.setdefault(name, set()).update(() if text is None else (text,))
    ranks = {name: _rank(name, known) for name, known in texts.items()}
    return sorted((name for name in ranks if ranks[name] < _NEVER), key=ranks.__getitem__)


def _rank(name: str, texts: Collection[str]) -> int:
    """How likely a key is to tell the date, 0 the likeliest."""
    spans = [_tried(name, text) for text in texts]
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
    """`event_date` and `eventDate` → event, date."""
    return re.findall("[a-z]+", re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _may_be_date(name: str, text: str) -> bool:
    """Whether digits without any mark are enough of them for a key of that name."""
    least = min(map(_LEAST_DIGITS.get, _words(name), repeat(_WHOLE)), default=_WHOLE)
    return not text.isdecimal() or len(text) >= least


def _tried(name: str, text: str | None) -> Span | None:
    """None for days that do not exist, too."""
    try:
        return _read(name, {name: text})
    except ValueError:
        return None
