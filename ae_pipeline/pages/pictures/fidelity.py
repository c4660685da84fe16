"""The share of each column's variance that is kept; flattened columns in red."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ae_pipeline.columns import FLAT_R2
from ae_pipeline.pages.cells import (
    UNKNOWN,
    Cell,
    Tone,
    number,
    percent,
    percent_words,
    words,
)
from ae_pipeline.pages.drawing import Colour, drawing, label_columns
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure, table

#: Columns that have a line of their own.
_MOST = 30
_NO_PROMISE = "none"
_HEADINGS = (
    *("column", "promise", "kept", "of the bulk", "verdict"),
    *("RMSE", "largest error", "of the promise", "distinct"),
)
_TONES: dict[str, Tone] = {"flattened": "bad", "coarse": "warn"}
_NOTE = (
    "kept: share of the variance, R2. of the bulk: the least share without outliers and frequent "
    "values. A column is flattened where one of them is below 90 %, or the tolerance is above its "
    "quartile range. RMSE and errors in units of the column. distinct: values "
    "in the sample of the fit, before and after encoding."
)


@dataclass(frozen=True)
class _Kept:
    """One column; shares are None where nothing varies or nothing was measured."""

    name: str
    promise: str
    r2: float | None
    bulk: float | None
    verdict: str
    n_before: int | None = None
    n_after: int | None = None
    rmse: float | None = None
    max_error: float | None = None
    to_tolerance: float | None = None

    @property
    def least(self) -> float:
        """The smaller share; 1 without any."""
        return max(min((s for s in (self.r2, self.bulk) if s is not None), default=1.0), 0.0)

    @property
    def is_flat(self) -> bool:
        return self.verdict == "flattened"


def section(facts: Facts) -> Section | None:
    """A line per column, the worst first; None where nothing is known or all is exact."""
    columns = sorted(_columns(facts), key=lambda one: (not one.is_flat, one.least))
    if not columns or all(one.verdict == "exact" for one in columns):
        return None
    varying = [one for one in columns if one.r2 is not None or one.bulk is not None]
    shown = varying[:_MOST]
    caption = f"The {len(shown)} worst of {len(columns):,}." if len(shown) < len(varying) else ""
    picture = figure(_draw(shown), caption) if shown else ""
    listed = table("Columns, the worst first", _HEADINGS, [_row(one) for one in columns], _NOTE)
    return Section("kept", "What columns keep", _lead(columns, facts), picture + listed)


def _lead(columns: Sequence[_Kept], facts: Facts) -> str:
    n_flat = sum(one.is_flat for one in columns)
    is_whole = facts.report is None or not facts.report.failures
    every = "all values" if is_whole else "all values that could be compared"
    of = every if facts.errors is not None else "a sample when the codec was fitted"
    worst = columns[0]
    flat = f" Flattened: {n_flat} of {len(columns)}." if n_flat else ""
    least = f"Least is kept of {worst.name}: {percent_words(worst.least)} of its variance"
    return f"{least}, measured on {of}.{flat}"


def _columns(facts: Facts) -> list[_Kept]:
    """Promise and verdict by column, with errors where values were compared."""
    told = {one.name: one for one in facts.fidelity}
    errors = {} if facts.errors is None else {one.column: one for one in facts.errors.totals}
    found = []
    for name in dict.fromkeys([*told, *errors]):
        one, measured = told.get(name), errors.get(name)
        judged = None if one is None else one.found
        r2, bulk = (None, None) if judged is None else (judged.r2, judged.r2_bulk)
        found.append(
            _Kept(
                name,
                _NO_PROMISE if one is None else one.promise,
                r2 if measured is None else measured.r2,
                bulk if measured is None else measured.r2_bulk,
                "" if judged is None else judged.verdict,
                None if judged is None else judged.n_before,
                None if judged is None else judged.n_after,
                None if measured is None else measured.rmse,
                None if measured is None else measured.max_error,
                None if measured is None else measured.to_tolerance,
            )
        )
    return found


def _draw(columns: Sequence[_Kept]) -> str:
    low = min(one.least for one in columns)
    start = 0.0 if low < FLAT_R2 - 0.05 else FLAT_R2 - 0.01 if low < 0.97 else low - (1 - low) / 3
    with drawing("Share of variance kept", 50 + 19 * len(columns)) as picture:
        axes = picture.axes
        for row, one in enumerate(columns):
            colour = Colour.BAD if one.is_flat else Colour.OURS
            shares = [max(s, 0.0) for s in (one.bulk, one.r2) if s is not None]
            (line,) = axes.plot([min(shares), 1.0], [row, row], lw=1.5, color=Colour.LINE.value)
            picture.tell(line, one.name)
            for share, fill in zip((one.r2, one.bulk), (colour, Colour.PAPER), strict=True):
                if share is not None:
                    told = "variance kept" if fill is colour else "of the bulk"
                    (dot,) = axes.plot(
                        [max(share, 0.0)], [row], "o", ms=6, mfc=fill.value, mec=colour.value
                    )
                    picture.tell(dot, f"{one.name}, {told}: {percent_words(max(share, 0.0))}")
        if start < FLAT_R2:
            axes.axvline(FLAT_R2, color=Colour.BAD.value, lw=1, ls=(0, (4, 3)))
        label_columns(axes, [one.name for one in columns])
        axes.set_xlim(start - (1 - start) / 40, 1 + (1 - start) / 40)
        axes.xaxis.set_major_formatter(
            lambda share, _: f"{100 * share:.4g} %" if 0 <= share <= 1 else ""
        )
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="x")
        axes.set_xlabel("variance kept: ● of all values, ○ of the bulk", size=9)
    return picture.svg


def _row(one: _Kept) -> list[Cell]:
    is_promised = one.promise != _NO_PROMISE
    return [
        words(one.name),
        words(one.promise.removeprefix("within ")) if is_promised else UNKNOWN,
        percent(None if one.r2 is None else max(one.r2, 0.0)),
        percent(None if one.bulk is None else max(one.bulk, 0.0)),
        words(one.verdict, _TONES.get(one.verdict, "")) if one.verdict else UNKNOWN,
        number(one.rmse),
        number(one.max_error),
        percent(one.to_tolerance),
        _distinct(one),
    ]


def _distinct(one: _Kept) -> Cell:
    """Distinct values before and after, sorted by those that are left."""
    if one.n_before is None or one.n_after is None:
        return UNKNOWN
    return Cell(f"{one.n_before:,} to {one.n_after:,}", one.n_after)
