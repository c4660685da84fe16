"""The manners of all pictures: names of columns as labels, values beside bars, quiet frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from os.path import commonprefix

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


def distinct_labels(names: Sequence[str], n_letters: int = _LETTERS) -> list[str]:
    """Names that fit and can be told apart: of those that could not, what they share gives way."""
    labels = [shortened(name, n_letters) for name in names]
    alike = [name for name, label in zip(names, labels, strict=True) if labels.count(label) > 1]
    if len({*alike}) < 2:
        return labels
    head = _shared(alike)
    tail = _shared([name[len(head) :][::-1] for name in alike])[::-1]
    middles = {name: name[len(head) : len(name) - len(tail)] for name in alike}
    room = max((n_letters - 2 - max(map(len, middles.values()))) // 2, 0)
    before, after = head[len(head) - min(room, len(head)) :], tail[:room]
    return [
        shortened(f"…{before}{middles[name]}{after}…", n_letters) if name in middles else label
        for name, label in zip(names, labels, strict=True)
    ]


def _shared(names: Sequence[str]) -> str:
    """The letters with which all of them begin."""
    return commonprefix(names)  # noqa: RUF071  letters are what is asked for


def label_columns(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows of a picture, the first on top."""
    axes.set_yticks(range(len(names)), distinct_labels(names))
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
