"""The manners of all pictures: names of columns as labels, values beside bars, quiet frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from ae_pipeline.escaping import visible
from ae_pipeline.pages.drawing.colours import Colour

#: Letters of a name that fit beside a picture.
_LETTERS = 24


def shortened(name: str, n_letters: int = _LETTERS) -> str:
    """A name that fits: its beginning and its end, which tell columns apart."""
    name = visible(name)
    if len(name) <= n_letters:
        return name
    head = (n_letters - 1) * 2 // 3
    return f"{name[:head]}…{name[len(name) - (n_letters - 1 - head) :]}"


def label_columns(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of a picture, the first on top."""
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)


def date_labels(dates: Sequence[datetime]) -> list[str]:
    """Dates as briefly as tells them apart: years alone, years and months, or days."""
    labels = [f"{date:%Y-%m-%d}" for date in dates]
    if len({*labels}) < len({*dates}):
        return [f"{date:%Y-%m-%d %H:%M}" for date in dates]
    for tail in ("-01-01", "-01"):
        if all(label.endswith(tail) for label in labels):
            return [label.removesuffix(tail) for label in labels]
    return labels


def bar_labels(axes: Axes, ends: Sequence[int | float], texts: Sequence[str]) -> None:
    """Write values beside horizontal bars, and leave out the axis that they make needless."""
    widest = max((*ends, 0.0)) or 1.0
    for row, (end, text) in enumerate(zip(ends, texts, strict=True)):
        axes.text(end + widest / 80, row, text, va="center", color=Colour.MUTED.value, size=9)
    axes.set_xlim(0, widest * 1.2)
    axes.xaxis.set_major_locator(NullLocator())
    axes.spines["bottom"].set_visible(False)


def no_frame(axes: Axes) -> None:
    """Leave nothing but what is drawn."""
    axes.xaxis.set_major_locator(NullLocator())
    axes.yaxis.set_major_locator(NullLocator())
    for spine in axes.spines.values():
        spine.set_visible(False)
