"""The scale of a column of floats, chosen by the bytes that its numbers take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ae_pipeline.coding.entropy import pack_integers, pack_numbers
from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.raw import to_raw
from ae_pipeline.mapping.scalar.affine import Affine, fit_affine
from ae_pipeline.mapping.scalar.bit_order import Floats, float_kind, to_order
from ae_pipeline.mapping.scalar.floats import MOST_ULPS, FloatMapping
from ae_pipeline.mapping.scalar.scales import (
    MOST_DIGITS,
    RULES,
    BitScale,
    DecimalScale,
    DigitScale,
    RankScale,
    Scale,
)
from ae_pipeline.mapping.scalar.specials import ORDINARY, categories_of

#: More specials per value get a sub-column.
_MANY_SPECIALS = 1 / 1000
#: A scale misses no larger part of the sample: far fewer than a block may hold.
_MOST_MISSES = 1 / 64
_EXCEPTION_BITS = 96
#: A trial looks at so many runs of so many values.
_TRIAL_RUNS, _TRIAL_LENGTH = 4, 4096
_MOST_PLACES = 17
_MOST_RANKS = 1 << 15
_VALUES_PER_RANK = 8
#: What other columns lose who could be added to decimals, per value.
_UNADDED_BITS = 0.25


@dataclass(frozen=True)
class _Trial:
    """A scale and what it takes: bits of all rows of the archive."""

    scale: Scale
    affine: Affine
    has_ulps: bool
    n_bits: float


def fit_floats(column: str, sample: pa.Array, share: float) -> Mapping:
    """Fit the mapping of a column of floats of any width."""
    wide = to_raw(sample.drop_null()).view(float_kind(sample.type.bit_width))
    categories = categories_of(wide)
    has_specials = False
    if categories is not None:
        ordinary = categories == ORDINARY
        has_specials = bool(len(wide) - ordinary.sum() > _MANY_SPECIALS * len(wide))
        wide = wide[ordinary]
    narrow = _narrowed(wide)
    best = _best(narrow, share)
    return FloatMapping(
        column=column,
        type=sample.type,
        has_nulls=sample.null_count > 0,
        n_bits=8 * narrow.itemsize,
        has_specials=has_specials,
        has_ulps=best.has_ulps,
        scale=best.scale,
        affine=best.affine,
    )


def _narrowed(wide: Floats) -> Floats:
    """Return float64 as float32 if (nearly) all values are such."""
    if wide.dtype != np.float64 or not len(wide):
        return wide
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    is_same = narrow == wide
    # Whole numbers and other short ones are float32 as well, but print the same as float64.
    is_short = wide == np.rint(wide * 16.0) / 16.0
    if is_same.mean() < 1 - _MOST_MISSES or is_short.mean() > 1 - _MOST_MISSES:
        return wide
    return narrow[is_same]


def _best(values: Floats, share: float) -> _Trial:
    """Return the cheapest scale."""
    if not len(values):
        return _Trial(DecimalScale(0, "divide"), Affine(), False, 0.0)
    runs = _runs(values)
    trials = [_tried(scale, values, runs, share) for scale in _scales(values, runs)]
    return min((trial for trial in trials if trial is not None), key=lambda trial: trial.n_bits)


def _runs(values: Floats) -> Floats:
    """Return some runs of values, spread over the sample."""
    if len(values) <= _TRIAL_RUNS * _TRIAL_LENGTH:
        return values
    starts = np.linspace(0, len(values) - _TRIAL_LENGTH, _TRIAL_RUNS).astype(np.int64)
    return np.concatenate([values[start : start + _TRIAL_LENGTH] for start in starts])


def _scales(values: Floats, runs: Floats) -> Iterator[Scale]:
    """Yield scales worth a trial, the last of which says everything."""
    yield from _decimals(runs)
    yield from _digits(runs)
    table = np.unique(values)
    if len(table) <= min(_MOST_RANKS, len(values) / _VALUES_PER_RANK) and _recurs(values):
        yield RankScale(table)
    yield BitScale()


def _decimals(runs: Floats) -> Iterator[Scale]:
    """Yield decimals of the fewest places that hit, and of those that come close."""
    is_near = False
    for places in range(_MOST_PLACES + 1):
        scales = [DecimalScale(places, rule) for rule in RULES]
        misses = [_misses(scale, runs) for scale in scales]
        if min(near for _, near in misses) <= _MOST_MISSES and not is_near:
            is_near = True
            yield min(zip(misses, scales, strict=True), key=lambda pair: pair[0])[1]
        elif min(misses)[0] <= _MOST_MISSES:
            yield min(zip(misses, scales, strict=True), key=lambda pair: pair[0])[1]
        if min(misses)[0] <= _MOST_MISSES:
            return


def _digits(runs: Floats) -> Iterator[Scale]:
    """Yield numbers of the fewest significant digits that come close."""
    magnitude = np.abs(runs[runs != 0].astype(np.float64))
    if not len(magnitude):
        return
    least = int(np.floor(np.log10(magnitude.min())))
    for digits in range(2, MOST_DIGITS + 1):
        scales = [DigitScale(digits, least, rule) for rule in RULES]
        misses = [_misses(scale, runs) for scale in scales]
        if min(near for _, near in misses) <= _MOST_MISSES:
            yield min(zip(misses, scales, strict=True), key=lambda pair: pair[0])[1]
            return


def _misses(scale: Scale, runs: Floats) -> tuple[float, float]:
    """Return the parts of values that are off a scale, and further off than a few floats."""
    reached = scale.value_of(scale.nearest(runs), runs.dtype)
    ulps = np.abs(to_order(reached) - to_order(runs))
    return float((ulps != 0).mean()), float((ulps > MOST_ULPS).mean())


def _recurs(values: Floats) -> bool:
    """Return whether values of either half of a sample are those of the other one."""
    first, second = np.array_split(values, 2)
    misses = max(1 - np.isin(second, first).mean(), 1 - np.isin(first, second).mean())
    return bool(misses <= _MOST_MISSES)


def _tried(scale: Scale, values: Floats, runs: Floats, share: float) -> _Trial | None:
    """Measure a scale; None if it misses too much, with and without distances in floats."""
    numbers = scale.nearest(runs)
    ulps = to_order(scale.value_of(numbers, runs.dtype)) - to_order(runs)
    n_off, n_far = int((ulps != 0).sum()), int((np.abs(ulps) > MOST_ULPS).sum())
    if n_far > _MOST_MISSES * len(runs):
        return None
    affine = Affine() if isinstance(scale, RankScale) else fit_affine(numbers[ulps == 0])
    steps, _ = affine.to_steps(numbers)
    n_bits = 8.0 * len(pack_integers(steps))
    exact = n_bits + _EXCEPTION_BITS * n_off
    near = n_bits + _EXCEPTION_BITS * n_far + 8 * len(pack_integers(np.clip(ulps, -9, 9)))
    has_ulps = n_off > _MOST_MISSES * len(runs) or near < exact
    per_value = (near if has_ulps else exact) / len(runs)
    if scale.family != "number":
        per_value += _UNADDED_BITS
    table = 8 * len(pack_numbers(scale.table)) if isinstance(scale, RankScale) else 0
    return _Trial(scale, affine, has_ulps, per_value * len(values) * share + table)
