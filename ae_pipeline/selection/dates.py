"""Select fragments by date: ranges, and the last dates.

A date is as precise as it is written: 2013 holds all of its months, on either side of a comparison.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.selection.date_keys import Dated, dates_of
from ae_pipeline.selection.periods import Span
from ae_pipeline.selection.spans import read_span

logger = logging.getLogger(__name__)

_ALL_TIME = Span(datetime.min, datetime.max)


def fragments_between(
    fragments: Sequence[Fragment], start: str | None, end: str | None
) -> tuple[Fragment, ...]:
    """Return the fragments whose partition lies in the inclusive range, in their order.

    Partitions without a date are left out, with a warning.

    Raises:
        ConfigError: a bound is not a date, the range ends before it starts, or no partition key
            holds dates.
    """
    wanted = Span(_bound(start, "backfill.start").begin, _bound(end, "backfill.end").end)
    if wanted.begin >= wanted.end:
        raise ConfigError(
            "the range ends before it starts",
            where="backfill.end",
            expected=f"{start} or later",
            got=str(end),
        )
    dates = dates_of(fragments)
    if fragments and not any(date.span for date in dates):
        raise ConfigError(
            "no partition key is a date",
            where="backfill.start" if start else "backfill.end",
            expected="folders such as date=2013-05-17 or year=2013/month=5",
            got=_named(fragments[0], dates[0]),
            remedy="select by backfill.where instead",
        )
    _warn_of_undated(fragments, dates)
    return tuple(
        fragment
        for fragment, date in zip(fragments, dates, strict=True)
        if date.span is not None and date.span.meets(wanted)
    )


def latest(fragments: Sequence[Fragment], n_last: int) -> tuple[Fragment, ...]:
    """Return the fragments of the last `n_last` dates, in their order: all partitions of each.

    Dates count as precisely as they are written: hours where there are hours. A partition that
    contains one of them, such as its year, is included. Partitions without a date are left out,
    with a warning. Where no partition key holds dates, the last partitions are returned.
    """
    dates = dates_of(fragments)
    if not any(date.span for date in dates):
        last = set(list(dict.fromkeys(fragment.partition for fragment in fragments))[-n_last:])
        return tuple(fragment for fragment in fragments if fragment.partition in last)
    _warn_of_undated(fragments, dates)
    chosen = _last_of({date.span for date in dates if date.span}, n_last)
    return tuple(
        fragment for fragment, date in zip(fragments, dates, strict=True) if date.span in chosen
    )


def latest_first(fragments: Sequence[Fragment]) -> tuple[Fragment, ...]:
    """Return the fragments by date, latest first; those without a date come last.

    Where no partition key holds dates, they are ordered by partition.
    """
    dates = dates_of(fragments)
    if any(date.span for date in dates):
        # An empty span at the beginning of time is older than any date.
        ages = [_age(date.span or Span(datetime.min, datetime.min)) for date in dates]
    else:
        places = {fragment.partition: place for place, fragment in enumerate(fragments)}
        ages = [(places[fragment.partition],) for fragment in fragments]
    aged = reversed(list(zip(ages, fragments, strict=True)))
    return tuple(fragment for _, fragment in sorted(aged, key=lambda pair: pair[0], reverse=True))


def _age(span: Span) -> tuple[int | datetime, ...]:
    return (span.begin, span.end)


def _last_of(spans: Iterable[Span], n_last: int) -> set[Span]:
    """Return the last `n_last` spans that hold no other, and the spans that hold one of them."""
    ordered = sorted(spans, key=lambda span: (span.begin, _ALL_TIME.end - span.end))
    following = [*ordered[1:], None]
    finest = [
        span
        for span, after in zip(ordered, following, strict=True)
        if after is None or not span.holds(after)
    ]
    last = finest[-n_last:]
    return {span for span in ordered if any(span.holds(one) for one in last)}


def _warn_of_undated(fragments: Sequence[Fragment], dates: Sequence[Dated]) -> None:
    """Warn of partitions that a selection by date leaves out because their date is unknown."""
    undated = dict.fromkeys(
        _named(fragment, date)
        for fragment, date in zip(fragments, dates, strict=True)
        if date.span is None
    )
    if undated:
        count = "1 partition has" if len(undated) == 1 else f"{len(undated):,} partitions have"
        logger.warning(
            "%s no date and cannot be selected by it: %s", count, listing(list(undated), 4)
        )


def _named(fragment: Fragment, date: Dated) -> str:
    return f"{fragment.partition} ({date.fault})" if date.fault else fragment.partition


def _bound(text: str | None, where: str) -> Span:
    """Return the span that a bound names, or all time without a bound."""
    if text is None:
        return _ALL_TIME
    why = ""
    try:
        span = read_span(text.strip())
    except ValueError as error:
        span, why = None, f" ({error})"
    if span is None:
        raise ConfigError(
            "not a date",
            where=where,
            expected="2013, 2013-05, 2013-05-17, 2013-05-17T06:30, 2013-W20 or 2013-Q2",
            got=f"{text}{why}",
        )
    return span
