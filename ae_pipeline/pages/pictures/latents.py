"""The latent map: rows on the two axes along which their latents differ most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from ae_pipeline.escaping import visible
from ae_pipeline.pages.cells import percent_words
from ae_pipeline.pages.drawing import Colour, drawing, shortened
from ae_pipeline.pages.drawing.colours import KINDS, RANKS
from ae_pipeline.pages.facts import Facts, LatentMap
from ae_pipeline.pages.markup import Section, figure

#: A label, its colour, and which points have it.
_Class = tuple[str, Colour, list[int]]


def section(facts: Facts) -> Section | None:
    """The map; None of what has no latents."""
    found = facts.latents
    if found is None:
        return None
    both = sum(found.shares)
    lead = (
        f"{len(found.points):,} rows by the two axes along which their {found.n_latents} latents "
        f"differ most, {percent_words(min(both, 1.0))} of all variance. Coloured by {found.color}; "
        "--color chooses another kept column or partition key."
    )
    return Section("latents", "Latent map", lead, figure(_draw(found)), is_half=True)


def _draw(found: LatentMap) -> str:
    classes = _classes(found.values)
    with drawing("Map of latents", 330) as picture:
        axes = picture.axes
        for label, colour, members in classes:
            points = found.points[members]
            axes.plot(points[:, 0], points[:, 1], "o", ms=2.6, mew=0, color=colour.value,
                      alpha=0.75, label=shortened(label, 22))  # fmt: skip
        first, second = (percent_words(share) for share in found.shares)
        axes.set_xlabel(f"first axis, {first} of the variance", size=9)
        axes.set_ylabel(f"second axis, {second}", size=9)
        axes.tick_params(labelsize=8, length=0)
        axes.grid()
        picture.figure.legend(loc="outside upper left", ncols=3, fontsize=8.5, markerscale=2.2,
                              title=shortened(found.color, 40), title_fontsize=9,
                              alignment="left", handletextpad=0.1)  # fmt: skip
    return picture.svg


def _classes(values: Sequence[object]) -> list[_Class]:
    """Fifths of numbers, from low to high; the most frequent of other values."""
    counts = Counter(map(str, values))
    if len(counts) > len(KINDS) and all(_is_number(value) for value in values):
        known = (value if isinstance(value, int | float) else math.nan for value in values)
        return _fifths(np.array(list(known), np.float64))
    frequent = [text for text, _ in counts.most_common(len(KINDS))]
    if len(counts) > len(frequent):
        frequent.pop()
    classes: list[_Class] = [
        (visible(text), KINDS[n], [i for i, v in enumerate(values) if str(v) == text])
        for n, text in enumerate(sorted(frequent))
    ]
    rest = [i for i, value in enumerate(values) if str(value) not in frequent]
    more = f"{len(counts) - len(frequent):,} others"
    return [*classes, (more, KINDS[-1], rest)] if rest else classes


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _fifths(values: Float64[np.ndarray, "points"]) -> list[_Class]:
    known = np.isfinite(values)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, len(RANKS) + 1)))
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    found: list[_Class] = [
        (
            f"{_edge(edges[n])} to {_edge(edges[n + 1])}",
            RANKS[n],
            np.flatnonzero(known & (places == n)).tolist(),
        )
        for n in range(len(edges) - 1)
    ]
    missing = np.flatnonzero(~known).tolist()
    return [*found, ("missing", Colour.MUTED, missing)] if missing else found


def _edge(value: float) -> str:
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.3g}"
