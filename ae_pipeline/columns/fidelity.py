"""Whether decoded values still mean what the source's did: the share of variance kept, R2.

One fare of 429,000 dollars, or a -999 in a fifth of the rows, can make up nearly all of a column's
variance; what is kept of it then says nothing of the other rows. So R2 is measured once more within
each of several views of the column: without its most frequent values, and within robust fences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from ae_pipeline.columns.quartiles import fences, quartiles

Verdict = Literal["exact", "kept", "coarse", "flattened"]

#: From so much of the variance on a column is as good as it was, and of that of its bulk, which is
#: less; below the last one it is another column.
KEPT_R2, KEPT_BULK_R2, FLAT_R2 = 0.99, 0.95, 0.9
#: Quartile ranges beyond the quartiles: Tukey's outer fences.
_FENCE = 3.0
#: A value of this share of the rows may stand for something: nothing, broken, switched off.
_FREQUENT, _MOST_FREQUENT = 0.05, 20
#: Fewer values say nothing of their column.
_LEAST_VALUES = 8
#: A tolerance of this part of a standard deviation keeps 0.99 of the variance and some more.
_FINE = 0.1
#: Beyond, squares overflow.
_LARGEST = 1e150

Values = Float64[np.ndarray, "values"]


@dataclass(frozen=True)
class Fidelity:
    """What a sample of a column is after it was encoded and decoded.

    Args:
        r2: share of the variance that is kept, over all finite values; None if they do not vary.
        r2_bulk: the least of the shares without frequent values and outliers; None without any.
        n_before: different values in the sample; None if it is gone.
        n_after: of them after decoding.
        iqr: quartile range of the values that differ from the most frequent one.
        verdict: exact by promise; kept, coarse or flattened by what was found.
    """

    r2: float | None
    r2_bulk: float | None
    n_before: int | None
    n_after: int | None
    iqr: float | None
    verdict: Verdict

    @property
    def worst_r2(self) -> float | None:
        """The smaller of both shares."""
        return min((one for one in (self.r2, self.r2_bulk) if one is not None), default=None)


@dataclass(frozen=True)
class View:
    """Values within fences, some of them left out."""

    excluded: Values
    low: float
    high: float

    def mask(self, values: Values) -> Bool[np.ndarray, "values"]:
        """Which of some values belong to it."""
        is_within = (values >= self.low) & (values <= self.high)
        for value in self.excluded:
            is_within &= values != value
        return is_within


def judge(source: Values, decoded: Values, tolerance: float) -> Fidelity:
    """What has become of a column's finite values.

    Args:
        source: as they were.
        decoded: as they came back.
        tolerance: promised, in source units; 0 is exact, NaN where it is another for each value.
    """
    n_before, n_after = len(np.unique(source)), len(np.unique(decoded))
    r2, iqr = variance_kept(source, decoded), quartile_range(source)
    shares = [variance_kept(source[part], decoded[part]) for part in _parts(source)]
    r2_bulk = min((share for share in shares if share is not None), default=None)
    if tolerance == 0:
        verdict: Verdict = "exact"
    elif n_before < 2 or np.array_equal(source, decoded):
        verdict = "kept"
    elif n_after == 1 or (iqr is not None and tolerance > iqr > 0):
        verdict = "flattened"
    else:
        verdict = verdict_of(r2, r2_bulk)
    return Fidelity(r2, r2_bulk, n_before, n_after, iqr, verdict)


def verdict_of(r2: float | None, r2_bulk: float | None) -> Verdict:
    """By the shares of variance that are kept; a column that does not vary has nothing to lose."""
    whole, bulk = (1.0 if share is None else share for share in (r2, r2_bulk))
    if min(whole, bulk) < FLAT_R2:
        return "flattened"
    return "kept" if whole >= KEPT_R2 and bulk >= KEPT_BULK_R2 else "coarse"


def variance_kept(source: Values, decoded: Values) -> float | None:
    """R2 = 1 - SSE / SST; None of values that do not vary. Below 0, the mean would tell more."""
    if not len(source) or source.min() == source.max():
        return None
    largest = float(max(np.abs(source).max(), np.abs(decoded).max()))
    if largest > _LARGEST:
        source, decoded = source / largest, decoded / largest
    deviations = source - source.mean()
    # Small ones must not vanish when they are squared.
    unit = float(np.abs(deviations).max())
    with np.errstate(over="ignore"):
        total = float(((deviations / unit) ** 2).sum())
        lost = float((((source - decoded) / unit) ** 2).sum())
    return max(1.0 - lost / total, -_LARGEST)


def quartile_range(values: Values) -> float | None:
    """Of the values that differ from the most frequent one; None if they are few."""
    distinct, counts = np.unique(values, return_counts=True)
    is_other = np.arange(len(counts)) != counts.argmax() if len(counts) else np.zeros(0, bool)
    if counts[is_other].sum() < _LEAST_VALUES:
        return None
    low, high = quartiles(distinct[is_other], counts[is_other])
    width = high - low
    return width if np.isfinite(width) else None


def fine_tolerance(values: Values) -> float:
    """A round tolerance that keeps what these values tell; 0 if they do not vary.

    1, 2 or 5 times a power of ten, a tenth at most of the least standard deviation of the views.
    """
    parts = [values, *(values[part] for part in _parts(values))]
    with np.errstate(over="ignore", invalid="ignore"):
        deviations = [float(np.std(part)) for part in parts if len(part)]
    least = _FINE * min((one for one in deviations if 0 < one < np.inf), default=0.0)
    if not least:
        return 0.0
    power = float(10.0 ** np.floor(np.log10(least)))
    return max((step * power for step in (1.0, 2.0, 5.0) if step * power <= least), default=least)


def worst_view(source: Values, decoded: Values) -> View | None:
    """The view of which least variance is kept; None if there is none in which values vary."""
    worst: View | None = None
    least = np.inf
    for view in views(source):
        part = view.mask(source)
        share = variance_kept(source[part], decoded[part])
        if share is not None and part.sum() >= _LEAST_VALUES and share < least:
            worst, least = view, share
    return worst


def views(values: Values) -> Iterator[View]:
    """All values, and those without the one, two, three ... most frequent values, within fences.

    Where what is left is one value, the nearest of the frequent ones counts, too: that they can be
    told apart is all there is to keep.
    """
    distinct, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_FREQUENT]
    n_frequent = max(1, int((counts[order] >= _FREQUENT * len(values)).sum()))
    for n_excluded in range(n_frequent + 1):
        excluded = distinct[order[:n_excluded]]
        is_left = ~np.isin(distinct, excluded)
        if counts[is_left].sum() < _LEAST_VALUES:
            return
        low, high = fences(*quartiles(distinct[is_left], counts[is_left]), _FENCE)
        if low == high and n_excluded:
            with np.errstate(over="ignore"):
                nearest = float(excluded[np.abs(excluded - low).argmin()])
            yield View(np.zeros(0), min(low, nearest), max(high, nearest))
        else:
            yield View(excluded, low, high)


def _parts(values: Values) -> list[Bool[np.ndarray, "values"]]:
    """Which values each view has, of views with enough of them."""
    masks = [view.mask(values) for view in views(values)]
    return [mask for mask in masks if mask.sum() >= _LEAST_VALUES]
