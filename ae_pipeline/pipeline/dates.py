"""Date-like partition keys, `date=2013-05-17` or `year=2013/month=5`: ranges and the last ones.

A date is as precise as it is written: 2013 holds every month of it, on either side of a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ae_pipeline.errors import ConfigError
from ae_pipeline.source import Fragment, partition_values

#: Year, month, day, hour; as many as are known.
Date: TypeAlias = tuple[int, ...]

_PARTS = ("year", "month", "day", "hour")
_WRITTEN = re.compile(
    r"(\d{4})(?:-?(0[1-9]|1[0-2])(?:-?(0[1-9]|[12]\d|3[01])(?:[T -]([01]\d|2[0-3])(?::?00)*)?)?)?"
)


def fragments_between(
    fragments: Sequence[Fragment], start: str | None, end: str | None
) -> tuple[Fragment, ...]:
    """The fragments whose partition lies in the inclusive range, in their order.

    Raises:
        ConfigError: a bound is no date, they are the wrong way round, or no partition key is
            date-like.
    """
    first, last = _bound(start, "backfill.start"), _bound(end, "backfill.end")
    if first[: len(last)] > last[: len(first)] and first and last:
        raise ConfigError(
            "the range ends before it starts",
            where="backfill.end",
            expected=f"{start} or later",
            got=str(end),
        )
    dates = [date_of(partition_values(fragment)) for fragment in fragments]
    if fragments and not any(dates):
        raise ConfigError(
            "no partition key is a date",
            where="backfill.start" if start else "backfill.end",
            expected="folders such as date=2013-05-17 or year=2013/month=5",
            got=fragments[0].partition,
            remedy="select by backfill.where instead",
        )
    return tuple(
        fragment
        for fragment, date in zip(fragments, dates, strict=True)
        if date and _is_between(date, first, last)
    )


def latest(fragments: Sequence[Fragment], n_last: int) -> tuple[Fragment, ...]:
    """The fragments of the last so many dates, in their order: all partitions of each.

    Where no partition key tells a date, of the last partitions.
    """
    ages = _ages(fragments)
    last = set(sorted({age for age in ages if age})[-n_last:])
    return tuple(fragment for fragment, age in zip(fragments, ages, strict=True) if age in last)


def latest_first(fragments: Sequence[Fragment]) -> tuple[Fragment, ...]:
    """By date, or by partition where no key tells one; what has no date comes last."""
    aged = reversed(list(zip(_ages(fragments), fragments, strict=True)))
    return tuple(fragment for _, fragment in sorted(aged, key=lambda pair: pair[0], reverse=True))


def date_of(values: Mapping[str, str | None]) -> Date:
    """The date that a partition's keys tell; empty if they tell none."""
    for value in values.values():
        written = _WRITTEN.fullmatch(value or "")
        if written and len(value or "") > len("2013"):
            return _numbers(written)
    named = {key.lower(): value for key, value in values.items()}
    found: list[int] = []
    for part in _PARTS:
        text = named.get(part)
        if text is None or not text.isdecimal():
            break
        found.append(int(text))
    return tuple(found)


def _ages(fragments: Sequence[Fragment]) -> list[Date]:
    """What grows with time: dates (empty if unknown), or places of partitions without any date."""
    dates = [date_of(partition_values(fragment)) for fragment in fragments]
    if any(dates):
        return dates
    partitions = dict.fromkeys(fragment.partition for fragment in fragments)
    places = {partition: (place,) for place, partition in enumerate(partitions)}
    return [places[fragment.partition] for fragment in fragments]


def _bound(text: str | None, where: str) -> Date:
    if text is None:
        return ()
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ConfigError(
            "no date", where=where, expected="2013, 2013-05, 2013-05-17 or 2013-05-17T06", got=text
        )
    return _numbers(written)


def _numbers(written: re.Match[str]) -> Date:
    return tuple(int(part) for part in written.groups() if part is not None)


def _is_between(date: Date, first: Date, last: Date) -> bool:
    """Whether it is within, as precisely as both sides are known."""
    after = date[: len(first)] >= first[: len(date)]
    return after and date[: len(last)] <= last[: len(date)]
