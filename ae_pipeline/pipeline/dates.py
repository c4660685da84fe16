"""Ranges of date-like partition keys: `date=2013-05-17`, or `year=2013/month=5`.

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
        ConfigError: a bound is no date, or no partition key is date-like.
    """
    first, last = _bound(start, "backfill.start"), _bound(end, "backfill.end")
    dates = [date_of(partition_values(fragment)) for fragment in fragments]
    if not any(dates):
        raise ConfigError(
            "no partition key is a date",
            where="backfill.start" if start else "backfill.end",
            expected="folders such as date=2013-05-17 or year=2013/month=5",
            got=fragments[0].partition if fragments else "no fragments",
            remedy="select by backfill.where instead",
        )
    return tuple(
        fragment
        for fragment, date in zip(fragments, dates, strict=True)
        if date and _is_between(date, first, last)
    )


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
