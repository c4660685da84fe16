"""Judge whether decoded values still mean what the source's did, by the variance kept, R2.

One fare of 429,000 dollars, or a -999 in a fifth of the rows, can make up nearly all of a column's
variance; its R2 then says nothing about the other rows. So R2 is also measured within several views
of the column: without its most frequent values, and within robust fences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from ae_pipeline.columns.quartiles import fences, quartiles
from ae_pipeline.columns.rounding import rounded_or_none

Verdict = Literal["exact", "kept", "coarse", "flattened"]

#: A column that keeps this much of its variance, and of its bulk's, which is smaller, is as good as
#: it was; one that keeps less than the last is another column.
KEPT_R2, KEPT_BULK_R2, FLAT_R2 = 0.99, 0.95, 0.9
#: Quartile ranges beyond the quartiles: Tukey's outer fences.
_FENCE = 3.0
#: A value in this share of the rows may be a code: no value, broken, switched off.
_FREQUENT, _MOST_FREQUENT = 0.05, 20
#: Fewer values say nothing about their column.
_LEAST_VALUES = 8
#: A tolerance of this share of a standard deviation keeps more than 0.99 of the variance.
_FINE = 0.1
#: Digits of shares of variance and of quartile ranges that a codec keeps.
_SHARE_DIGITS, _RANGE_DIGITS = 6, 4
#: Larger numbers overflow when squared.
_LARGEST = 1e150

Values = Float64[np.ndarray, "values"]


@dataclass(frozen=True)
class Fidelity:
    """The quality of a column's sample after encoding and decoding.

    Args:
        r2: share of the variance that is kept, over all finite values; None if they do not vary.
        r2_bulk: the least share within a view; None without a view in which values vary.
        n_before: distinct values in the sample; None if the sample is not available.
        n_after: distinct values after decoding; None likewise.
        iqr: quartile range of the values that differ from the most frequent one.
        verdict: exact by promise; kept, coarse or flattened by measurement.
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

    def short(self) -> Fidelity:
        """Return the same in as many digits as a codec keeps."""
        r2, r2_bulk = (rounded_or_none(one, _SHARE_DIGITS) for one in (self.r2, self.r2_bulk))
        return replace(self, r2=r2, r2_bulk=r2_bulk, iqr=rounded_or_none(self.iqr, _RANGE_DIGITS))


@dataclass(frozen=True)
class View:
    """The values within fences, without those excluded."""

    excluded: Values
    low: float
    high: float

    def mask(self, values: Values) -> Bool[np.ndarray, "values"]:
        """Return which values belong to the view."""
        is_within = (values >= self.low) & (values <= self.high)
        for value in self.excluded:
            is_within &= values != value
        return is_within


def judge(source: Values, decoded: Values, tolerance: float) -> Fidelity:
    """Judge the finite values of a column.

    Args:
        source: before encoding.
        decoded: after decoding.
        tolerance: promised, in source units; 0 is exact, NaN if it differs from value to value.
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
    """Judge by the shares of variance kept; a column that does not vary has nothing to lose."""
    whole, bulk = (1.0 if share is None else share for share in (r2, r2_bulk))
    if min(whole, bulk) < FLAT_R2:
        return "flattened"
    return "kept" if whole >= KEPT_R2 and bulk >= KEPT_BULK_R2 else "coarse"


def variance_kept(source: Values, decoded: Values) -> float | None:
    """Return R2 = 1 - SSE / SST, None if values do not vary; below 0 their mean does better."""
    if not len(source) or source.min() == source.max():
        return None
    largest = float(max(np.abs(source).max(), np.abs(decoded).max()))
    if largest > _LARGEST:
        source, decoded = source / largest, decoded / largest
    deviations = source - source.mean()
    # Small deviations must not vanish when they are squared.
    unit = float(np.abs(deviations).max())
    with np.errstate(over="ignore"):
        total = float(((deviations / unit) ** 2).sum())
        lost = float((((source - decoded) / unit) ** 2).sum())
    return max(1.0 - lost / total, -_LARGEST)


def quartile_range(values: Values) -> float | None:
    """Measure values that differ from the most frequent one; None if they are few."""
    distinct, counts = np.unique(values, return_counts=True)
    is_other = np.arange(len(counts)) != counts.argmax() if len(counts) else np.zeros(0, bool)
    if counts[is_other].sum() < _LEAST_VALUES:
        return None
    low, high = quartiles(distinct[is_other], counts[is_other])
    width = high - low
    return width if np.isfinite(width) else None


def fine_tolerance(values: Values) -> float:
    """Suggest a round tolerance that keeps the meaning of these values; 0 if they do not vary.

    It is 1, 2 or 5 times a power of ten, at most a tenth of the least standard deviation of a view.
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
    """Return the view that keeps the least variance; None without one in which values vary."""
    worst: View | None = None
    least = np.inf
    for view in views(source):
        part = view.mask(source)
        share = variance_kept(source[part], decoded[part])
        if share is not None and part.sum() >= _LEAST_VALUES and share < least:
            worst, least = view, share
    return worst


def views(values: Values) -> Iterator[View]:
    """Yield all values, then those without the one, two, three ... most frequent, within fences.

    If a single value is left, the nearest of the frequent ones counts as well: that the two can be
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
    """Return the mask of each view that has enough values."""
    masks = [view.mask(values) for view in views(values)]
    return [mask for mask in masks if mask.sum() >= _LEAST_VALUES]
