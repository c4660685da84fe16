"""Errors of each column in each partition: a map, the worst columns on top, by time if there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from jaxtyping import Float64
from matplotlib.patches import Rectangle

from ae_pipeline.escaping import visible
from ae_pipeline.pages.cells import count, number, percent, percent_words, words
from ae_pipeline.pages.drawing import (
    Colour,
    Picture,
    date_labels,
    distinct_labels,
    drawing,
    label_columns,
)
from ae_pipeline.pages.drawing.colours import SCALE
from ae_pipeline.pages.facts import Facts, Measured
from ae_pipeline.pages.facts.errors import badness
from ae_pipeline.pages.markup import Section, figure, side_by_side, table

#: Columns and steps of a map, and rows of the table.
_COLUMNS, _STEPS, _ROWS = 24, 36, 300
_LOST = ("variance lost", (0.001, 0.01, 0.05, 0.1))
_PROMISE = ("largest error, of the promise", (0.25, 0.5, 0.75, 1.0))
_NOTE = (
    "lost: share of the column's variance in that partition, the larger one of all values and of "
    "the bulk. MSE in units of the column's variance, RMSE and errors in units of the column."
)


@dataclass(frozen=True)
class _Step:
    """One step along the map: a partition, several in a row, or all of one date."""

    label: str
    partitions: frozenset[str]


def section(facts: Facts) -> Section | None:
    """Maps and a table of the worst; None unless there are errors of several partitions."""
    errors = facts.errors
    if errors is None or not errors.parts:
        return None
    steps = _steps(facts)
    names = [one.column for one in errors.columns][:_COLUMNS]
    measures = [(_LOST, lambda one: one.lost)]
    if errors.is_promised:
        measures.append((_PROMISE, lambda one: one.to_tolerance))
    pictures = []
    for (title, limits), measure in measures:
        grid = _grid(errors.parts, names, steps, measure)
        pictures.append(figure(_draw(title, limits, grid, names, steps)))
    cut = (
        f" {len(names)} of {len(errors.totals)} columns." if len(names) < len(errors.totals) else ""
    )
    return Section(
        "errors", "Errors by partition", f"The worst columns on top.{cut}",
        side_by_side(pictures) + _table(errors.parts, facts),
    )  # fmt: skip


def _steps(facts: Facts) -> list[_Step]:
    """One step per partition, in order of time; neighbours share one where there are many."""
    found = [one.partition for one in facts.errors.parts] if facts.errors else []
    names = list(dict.fromkeys(found))
    dates = {name: facts.dates[name] for name in names if name in facts.dates}
    if len(dates) == len(names) and len(names) > 1:
        groups: dict[datetime, list[str]] = defaultdict(list)
        for name in sorted(names, key=lambda name: dates[name]):
            groups[dates[name]].append(name)
        labels = date_labels(list(groups))
        steps = [_Step(*one) for one in zip(labels, map(frozenset, groups.values()), strict=True)]
    else:
        steps = [_Step(_value(name), frozenset([name])) for name in names]
    each = -(-len(steps) // _STEPS)
    return [_joined(steps[start : start + each]) for start in range(0, len(steps), each)]


def _value(partition: str) -> str:
    """The values of its keys: `2013/05` for `year=2013/month=05`."""
    return "/".join(part.partition("=")[2] or part for part in partition.split("/"))


def _joined(steps: Sequence[_Step]) -> _Step:
    first, last = steps[0], steps[-1]
    label = first.label if first is last else f"{first.label} to {last.label}"
    return _Step(label, frozenset().union(*(step.partitions for step in steps)))


def _grid(
    parts: Sequence[Measured],
    names: Sequence[str],
    steps: Sequence[_Step],
    measure: Callable[[Measured], float | None],
) -> Float64[np.ndarray, "columns steps"]:
    """The largest value of each column in each step; NaN where there is none."""
    grid = np.full((len(names), len(steps)), np.nan)
    rows = {name: row for row, name in enumerate(names)}
    places = {name: place for place, step in enumerate(steps) for name in step.partitions}
    for one in parts:
        value, row = measure(one), rows.get(one.column)
        if row is not None and value is not None:
            place = places[one.partition]
            grid[row, place] = np.fmax(grid[row, place], value)
    return grid


def _draw(
    title: str,
    limits: Sequence[float],
    grid: Float64[np.ndarray, "columns steps"],
    names: Sequence[str],
    steps: Sequence[_Step],
) -> str:
    colours = [*SCALE, Colour.BAD]
    with drawing(f"Map of columns and partitions: {title}", 96 + 15 * len(names)) as picture:
        axes = picture.axes
        for (row, place), value in np.ndenumerate(grid):
            if np.isnan(value):
                continue
            level = int(np.searchsorted(limits, value * (1 - 1e-9)))
            cell = Rectangle((place - 0.5, row - 0.5), 0.94, 0.9, color=colours[level].value, lw=0)
            axes.add_patch(cell)
            told = f"{names[row]}, {steps[place].label}: {percent_words(float(value))}"
            picture.tell(cell, told)
        label_columns(axes, names)
        axes.set_xlim(-0.5, len(steps) - 0.5)
        _label_steps(picture, steps)
        for spine in axes.spines.values():
            spine.set_visible(False)
        _legend(picture, title, limits)
    return picture.svg


def _label_steps(picture: Picture, steps: Sequence[_Step]) -> None:
    """Name as many steps as there is room for."""
    letters = max(len(step.label) for step in steps)
    every = max(1, -(-len(steps) // (8 if letters > 5 else 14)))
    places = range(0, len(steps), every)
    texts = distinct_labels([steps[place].label for place in places], 14)
    is_long = letters > 5 and len(steps) > 4
    picture.axes.set_xticks(list(places), texts, rotation=40 if is_long else 0, size=9)
    for label in picture.axes.get_xticklabels():
        label.set_horizontalalignment("right" if is_long else "center")
        label.set_rotation_mode("anchor")
    picture.axes.tick_params(axis="x", length=0)


def _legend(picture: Picture, title: str, limits: Sequence[float]) -> None:
    texts = [f"≤ {100 * limit:g} %" for limit in limits] + ["more"]
    marks = [Rectangle((0, 0), 1, 1, color=colour.value, lw=0) for colour in (*SCALE, Colour.BAD)]
    picture.figure.legend(
        marks, texts, loc="outside upper left", ncols=5, fontsize=8, title=title,
        title_fontsize=9, handlelength=1, columnspacing=0.9, handletextpad=0.4, alignment="left",
    )  # fmt: skip


def _table(parts: Sequence[Measured], facts: Facts) -> str:
    ranked = sorted(parts, key=badness)[:_ROWS]
    rows = [
        [
            words(one.column),
            words(visible(one.partition)),
            percent(one.lost, "bad" if (one.lost or 0) > 0.1 else ""),
            number(one.mse),
            number(one.rmse),
            number(one.max_error),
            percent(one.to_tolerance, "bad" if (one.to_tolerance or 0) > 1 else ""),
            count(one.n_compared),
        ]
        for one in ranked
    ]
    cut = f", {len(rows)} of {len(parts):,}" if len(rows) < len(parts) else ""
    headings = (
        *("column", "partition", "lost", "MSE", "RMSE"),
        *("largest error", "of the promise", "values"),
    )
    return table(f"Columns in partitions, the worst first{cut}", headings, rows, _NOTE)
