"""How errors spread, in units of what is promised, or of standard deviations."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from ae_pipeline.pages.cells import count, percent, percent_words, words
from ae_pipeline.pages.drawing import Colour, drawing
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure, side_by_side, table

_BINS = 41
#: Share of the errors without a promise beyond which the rest share the outermost bars.
_FAR = 0.995


def section(facts: Facts) -> Section | None:
    """A histogram of all columns and quantiles of each; None where nothing may be off."""
    sample = facts.rows
    if sample is None or not sample.errors:
        return None
    is_promised = bool(facts.format.quantizers)
    unit = "of its tolerance" if is_promised else "of the column's standard deviation"
    every = np.concatenate(list(sample.errors.values()))
    n_beyond = int((np.abs(every) > 1 + 1e-9).sum()) if is_promised else 0
    beyond = f" Beyond it: {n_beyond:,}." if is_promised else ""
    lead = (
        f"{len(every):,} values of {sample.n_rows:,} rows in {len(sample.errors):,} columns; each "
        f"error in units {unit}.{beyond}"
    )
    body = side_by_side([figure(_draw(every, is_promised=is_promised)), _table(sample.errors)])
    return Section("spread", "How errors spread", lead, body)


def _draw(errors: Float64[np.ndarray, "values"], *, is_promised: bool) -> str:
    far = 1.0 if is_promised else float(np.quantile(np.abs(errors), _FAR)) or 1.0
    counts, edges = np.histogram(np.clip(errors, -far, far), _BINS, (-far, far))
    shares = counts / max(len(errors), 1)
    with drawing("Histogram of errors", 190) as picture:
        axes = picture.axes
        width = edges[1] - edges[0]
        drawn = axes.bar(edges[:-1], shares, width * 0.92, align="edge", color=Colour.OURS.value)
        for patch, left, share in zip(drawn, edges, shares, strict=False):
            picture.tell(patch, f"{left:.2f} to {left + width:.2f}: {percent_words(float(share))}")
        if is_promised:
            axes.set_xticks([-1, -0.5, 0, 0.5, 1])
            for end in (-1, 1):
                axes.axvline(end, color=Colour.BAD.value, lw=1, ls=(0, (4, 3)))
        axes.set_xlim(-far * 1.06, far * 1.06)
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
        axes.locator_params(axis="y", nbins=4)
        axes.grid(axis="y")
        axes.set_xlabel(
            "error / tolerance" if is_promised else "error / standard deviation", size=9
        )
    return picture.svg


def _table(errors: dict[str, Float64[np.ndarray, "values"]]) -> str:
    rows = []
    for name, values in errors.items():
        size = np.abs(values)
        middle, high, most = np.quantile(size, [0.5, 0.95, 1.0])
        rows.append(
            [words(name), *(percent(float(v)) for v in (middle, high, most)), count(len(size))]
        )
    headings = ("column", "median", "95 %", "largest", "values")
    return table("Size of errors, in those units", headings, rows, "95 %: so many are not larger.")
