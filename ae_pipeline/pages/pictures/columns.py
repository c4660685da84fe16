"""Bytes by column: in the source, as plain Parquet, and here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_pipeline.pages.cells import Cell, count, number, percent, size, words
from ae_pipeline.pages.drawing import Colour, drawing, label_columns
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import figure, table
from ae_pipeline.report.headline import size_words
from ae_pipeline.results.fit import ColumnCost

#: Columns that have bars of their own.
_MOST = 18
_NOTE = (
    "here: in blocks, with the column's part of the model, or as plain Parquet where it is kept. "
    "plain Parquet and here are extrapolated from a sample that was measured when the codec was "
    "fitted. from: other columns that a reader of this one decodes, at most."
)


@dataclass(frozen=True)
class _Bar:
    name: str
    source: int | None
    plain: int
    ours: int


def bars(facts: Facts) -> str:
    """A picture of the largest columns; empty where costs are not known."""
    costs = _ranked(facts)
    if not costs:
        return ""
    shown, rest = costs[:_MOST], costs[_MOST:]
    told = size_words(sum(one.taken_bytes for one in rest))
    caption = (
        f"{len(shown)} of {len(costs):,} columns; the others take {told} here." if rest else ""
    )
    return figure(picture(facts), caption)


def picture(facts: Facts) -> str:
    """Return bars of the largest columns as SVG; empty where costs are not known."""
    shown = _ranked(facts)[:_MOST]
    return _draw(_bars(shown, facts.source_columns)) if shown else ""


def listed(facts: Facts) -> str:
    """A table of all columns; empty where costs are not known."""
    costs = _ranked(facts)
    if not costs:
        return ""
    total = sum(one.taken_bytes for one in costs)
    rows = [_row(cost, facts.source_columns.get(cost.name), total) for cost in costs]
    headings = ("column", "source", "plain Parquet", "here", "of all", "times", "from", "way")
    note = f"{_NOTE} times: source, or else plain Parquet, over here."
    return table("Columns, the largest first", headings, rows, note)


def _ranked(facts: Facts) -> list[ColumnCost]:
    return sorted(facts.inspection.costs, key=lambda cost: -cost.taken_bytes)


def _bars(costs: Sequence[ColumnCost], source: Mapping[str, int]) -> list[_Bar]:
    return [_Bar(one.name, source.get(one.name), one.plain_bytes, one.taken_bytes) for one in costs]


def _draw(bars: Sequence[_Bar]) -> str:
    series: list[tuple[str, Colour, list[int | None]]] = [
        ("source", Colour.SOURCE, [bar.source for bar in bars]),
        ("plain Parquet", Colour.PLAIN, [bar.plain for bar in bars]),
        ("here", Colour.OURS, [bar.ours for bar in bars]),
    ]
    series = [one for one in series if any(one[2])]
    thick = 0.8 / len(series)
    with drawing("Bytes by column", 60 + len(bars) * (12 + 7 * len(series))) as picture:
        axes = picture.axes
        for place, (name, colour, sizes) in enumerate(series):
            ends = [0 if n is None else n for n in sizes]
            rows = [row - 0.4 + thick * (place + 0.5) for row in range(len(bars))]
            drawn = axes.barh(rows, ends, thick * 0.9, color=colour.value, label=name)
            for patch, bar, end in zip(drawn, bars, ends, strict=True):
                picture.tell(patch, f"{bar.name}, {name}: {size_words(end)}")
        label_columns(axes, [bar.name for bar in bars])
        axes.xaxis.set_major_formatter(lambda value, _: size_words(round(value)))
        axes.locator_params(axis="x", nbins=4)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        picture.figure.legend(loc="outside upper left", ncols=len(series), fontsize=9)
    return picture.svg


def _row(cost: ColumnCost, source: int | None, total: int) -> list[Cell]:
    before = source if source is not None else cost.plain_bytes
    times = before / cost.taken_bytes if cost.taken_bytes and before else None
    is_known = cost.is_coded or cost.plain_bytes
    return [
        words(cost.name),
        size(source),
        size(cost.plain_bytes if is_known else None),
        size(cost.taken_bytes),
        percent(cost.taken_bytes / total if total else None),
        number(times, "x"),
        count(cost.n_needed if cost.is_coded else None),
        words((cost.way or "as a whole") if cost.is_coded else "plain, readable in place"),
    ]
