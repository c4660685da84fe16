"""Partitions: rows, bytes, how many times smaller, and their errors, by time if there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ae_pipeline.pages.cells import Cell, count, number, percent, size, words
from ae_pipeline.pages.drawing import Colour, bar_labels, date_labels, drawing, label_columns
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure, table

#: Bars, and dates that are named.
_MOST, _TICKS = 24, 5


@dataclass(frozen=True)
class _Partition:
    name: str
    n_rows: int
    mse: float
    worst: str
    worst_lost: float | None
    source_bytes: int | None = None
    encoded_bytes: int | None = None


def section(facts: Facts) -> Section | None:
    """Errors by time or of the worst partitions, and a table; None without errors of several."""
    found = _partitions(facts)
    if len(found) < 2:
        return None
    ranked = sorted(found, key=lambda one: -one.mse)
    is_dated = all(one.name in facts.dates for one in found)
    drawn, lead = "", "Every value came back exactly."
    if ranked[0].mse > 0:
        drawn = _draw_dates(found, facts) if is_dated else _draw_bars(ranked[:_MOST])
        lead = (
            f"MSE in units of each column's variance, mean over columns. Worst: {ranked[0].name}."
        )
    headings = ("partition", "rows", "MSE", "worst column", "lost of it", "source", "here", "times")
    note = "times: source files over encoded files, the model not counted."
    listed = table("Partitions, the worst first", headings, [_row(one) for one in ranked], note)
    return Section("partitions", "Partitions", lead, (figure(drawn) if drawn else "") + listed)


def _partitions(facts: Facts) -> list[_Partition]:
    if facts.errors is None:
        return []
    groups = defaultdict(list)
    for one in facts.errors.parts:
        groups[one.partition].append(one)
    reports = (
        {} if facts.report is None else {one.partition: one for one in facts.report.partitions}
    )
    found = []
    for name, own in groups.items():
        counted = [one.mse for one in own if one.n_compared]
        worst = max(own, key=lambda one: (one.lost or 0.0, one.mse))
        report = reports.get(name)
        found.append(
            _Partition(
                name,
                own[0].n_rows,
                float(np.mean(counted)) if counted else 0.0,
                worst.column,
                worst.lost,
                None if report is None else report.source_bytes,
                None if report is None else report.encoded_bytes,
            )
        )
    return found


def _draw_dates(found: Sequence[_Partition], facts: Facts) -> str:
    groups = defaultdict(list)
    for one in found:
        groups[facts.dates[one.name]].append(one.mse)
    dates = sorted(groups)
    days = [date.toordinal() + date.hour / 24 for date in dates]
    mean = [float(np.mean(groups[date])) for date in dates]
    most = [max(groups[date]) for date in dates]
    with drawing("MSE by time", 170) as picture:
        axes = picture.axes
        axes.plot(days, mean, "o-", ms=4, lw=1.6, color=Colour.OURS.value)
        if most != mean:
            axes.plot(days, most, "-", lw=1, color=Colour.BAD.value)
            axes.set_xlabel("blue: mean of partitions, red: the worst", size=9)
        axes.set_ylim(0, max(most) * 1.15)
        axes.grid(axis="y")
        axes.set_ylabel("MSE / variance", size=9)
        axes.tick_params(labelsize=9)
        axes.locator_params(axis="y", nbins=4)
        chosen = _apart(days)
        labels = date_labels(dates)
        axes.set_xticks([days[n] for n in chosen], [labels[n] for n in chosen])
    return picture.svg


def _apart(days: Sequence[float]) -> list[int]:
    """Places of dates that are far enough from each other to be named."""
    gap = (days[-1] - days[0]) / _TICKS
    chosen = [0]
    for place, day in enumerate(days):
        if day - days[chosen[-1]] > gap:
            chosen.append(place)
    return chosen


def _draw_bars(ranked: Sequence[_Partition]) -> str:
    with drawing("MSE by partition", 24 + 20 * len(ranked)) as picture:
        ends = [one.mse for one in ranked]
        drawn = picture.axes.barh(range(len(ranked)), ends, 0.7, color=Colour.OURS.value)
        for patch, one in zip(drawn, ranked, strict=True):
            picture.tell(patch, f"{one.name}: {one.mse:.3g}")
        label_columns(picture.axes, [one.name for one in ranked])
        bar_labels(picture.axes, ends, [f"{end:.3g}" for end in ends])
    return picture.svg


def _row(one: _Partition) -> list[Cell]:
    times = None
    if one.source_bytes and one.encoded_bytes:
        times = one.source_bytes / one.encoded_bytes
    return [
        words(one.name),
        count(one.n_rows),
        number(one.mse),
        words(one.worst),
        percent(one.worst_lost, "bad" if (one.worst_lost or 0) > 0.1 else ""),
        size(one.source_bytes),
        size(one.encoded_bytes),
        number(times, "x"),
    ]
