"""Original against decoded, for real rows: a run of them drawn, and some in full."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ae_pipeline.pages.cells import Cell, Tone, count, words
from ae_pipeline.pages.drawing import Colour, drawing, shortened
from ae_pipeline.pages.facts import ComparedColumn, Facts, RowSample
from ae_pipeline.pages.markup import Section, figure, side_by_side, table

_ROWS, _COLUMNS = 10, 6
_LETTERS = 40


def section(facts: Facts) -> Section | None:
    """Lines and a table; None without a source."""
    sample = facts.rows
    if sample is None:
        return None
    lead = (
        f"The first rows of {sample.fragment}, and the columns of which least is kept. The wide "
        "grey line is the source, the thin one is what comes back."
    )
    halves = (sample.columns[: _COLUMNS // 2], sample.columns[_COLUMNS // 2 :])
    drawn = side_by_side(figure(_draw(half)) for half in halves if half)
    return Section("rows", "Original and decoded", lead, drawn + _table(sample))


def _draw(columns: Sequence[ComparedColumn]) -> str:
    n_panels = len(columns)
    with drawing("Rows of the source and decoded", 40 + 80 * n_panels, n_panels) as picture:
        for axes, column in zip(picture.panels, columns, strict=True):
            places = np.arange(len(column.source))
            style = "-" if len(places) > 1 else "o"
            axes.plot(
                places, column.source, style, lw=3.2, color=Colour.SOURCE.value, label="source"
            )
            axes.plot(
                places,
                column.decoded,
                style,
                lw=1,
                ms=3,
                color=Colour.DECODED.value,
                label="decoded",
            )
            _manners(axes, column, is_last=axes is picture.panels[-1])
        handles, names = picture.axes.get_legend_handles_labels()
        picture.figure.legend(handles, names, loc="outside upper left", ncols=2, fontsize=9)
    return picture.svg


def _manners(axes: Axes, column: ComparedColumn, *, is_last: bool) -> None:
    axes.set_title(shortened(column.name, 48), loc="left", size=9.5, color=Colour.INK.value, pad=3)
    axes.grid(axis="y")
    axes.margins(x=0.01)
    axes.tick_params(labelsize=8, length=0)
    axes.locator_params(axis="y", nbins=3)
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")
    if is_last:
        axes.set_xlabel("row", size=9)
    else:
        axes.tick_params(labelbottom=False)


def _table(sample: RowSample) -> str:
    names = [column.name for column in sample.columns]
    headings = ["row", *sample.beside]
    for name in names:
        headings += [name, "decoded"]
    n_rows = min(_ROWS, len(sample.source))
    rows = []
    for row in range(n_rows):
        cells = [count(row), *(_told(sample.source[name][row].as_py()) for name in sample.beside)]
        for name in names:
            was, now = sample.source[name][row].as_py(), sample.decoded[name][row].as_py()
            cells += [_told(was), _told(now, is_decoded=True)]
        rows.append(cells)
    note = "Values of both in 6 digits." if names else ""
    return table(f"The first {n_rows} rows", headings, rows, note)


def _told(value: object, *, is_decoded: bool = False) -> Cell:
    tone: Tone = "decoded" if is_decoded else ""
    if value is None:
        return Cell("null", None, tone)
    if isinstance(value, float):
        return Cell(f"{value:.6g}", value, tone)
    if isinstance(value, int) and not isinstance(value, bool):
        return Cell(str(value), value, tone)
    text = str(value)
    return words(text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…", tone)
