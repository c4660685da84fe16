"""The scale of a column of floats, chosen by the bytes that its numbers take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ae_pipeline.coding.entropy import pack_integers, pack_numbers
from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.exceptions import Rows
from ae_pipeline.mapping.raw import to_raw
from ae_pipeline.mapping.scalar.affine import Affine, fit_affine
from ae_pipeline.mapping.scalar.bit_order import Floats, float_kind, to_order
from ae_pipeline.mapping.scalar.floats import FloatMapping
from ae_pipeline.mapping.scalar.repairs import MOST_ULPS
from ae_pipeline.mapping.scalar.rules import RULES
from ae_pipeline.mapping.scalar.scales import (
    MOST_DIGITS,
    MOST_SINGLE_DIGITS,
    BitScale,
    DecimalScale,
    DigitScale,
    RankScale,
    Scale,
    SingleScale,
)
from ae_pipeline.mapping.scalar.specials import ORDINARY, categories_of
from ae_pipeline.mapping.subcolumn import Integers

Runs = Float[np.ndarray, "runs"]

#: More specials per value get a sub-column.
_MANY_SPECIALS = 1 / 1000
#: A scale misses no larger part of the sample.
_MOST_MISSES = 1 / 8
#: Of float64, so many may be wider than float32.
_MOST_WIDE = 1 / 64
_EXCEPTION_BITS = 48
#: Columns stored whole have no model.
_WHOLE_LOSS = 2.0
#: A trial looks at so many runs of so many values.
_TRIAL_RUNS, _TRIAL_LENGTH = 4, 4096
_MOST_PLACES = 17
_LEAST_DIGITS = 2
#: The least exponent lies so far below values smaller than nearly all. It costs a gap around zero.
_SMALLEST, _SPARE_DECADES = 1 / 1000, 3
#: Values of one half of a sample that the other half lacks, where tables are tried.
_MOST_NEW = 1 / 64
_MOST_RANKS = 1 << 15
_VALUES_PER_RANK = 8
#: Rows of the archive per row of a sample that is all of it, or nearly; values of its table per
#: value, at most.
_WHOLE_SHARE, _MOST_DISTINCT = 1.05, 0.9
#: Digits that floats of 32 bits are printed with, where fewer would be a smaller scale.
_LEAST_SINGLE_DIGITS = 8
#: Half of the values printed with these digits are at least so near to a float of 32 bits.
_NEAR_SINGLE = 3e-9
#: Values that are stored whole together, or not.
_PIECE = 1024
#: What other columns lose who could be added to decimals, per value.
_UNADDED_BITS = 0.25
#: What models of wide ranges lose, per value and bit of the range.
_RANGE_COST = 0.02


@dataclass(frozen=True)
class _Trial:
    """A scale and what it takes: bits of all rows of the archive."""

    scale: Scale
    affine: Affine
    has_repairs: bool
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
        has_repairs=best.has_repairs,
        scale=best.scale,
        affine=best.affine,
    )


def _narrowed(wide: Floats) -> Float[np.ndarray, "narrow"]:
    """Return float64 as float32 if (nearly) all values are such."""
    if wide.dtype != np.float64 or not len(wide):
        return wide
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    is_same = narrow == wide
    # Whole numbers and other short ones are float32 as well, but print the same as float64.
    with np.errstate(over="ignore"):
        is_short = wide == np.rint(wide * 16.0) / 16.0
    if is_same.mean() < 1 - _MOST_WIDE or is_short.mean() > 1 - _MOST_WIDE:
        return wide
    return narrow[is_same]


def _best(values: Floats, share: float) -> _Trial:
    """Return the cheapest scale."""
    if not len(values):
        return _Trial(DecimalScale(0, "divide"), Affine(), False, 0.0)
    runs = _runs(values)
    trials = [_tried(scale, values, runs, share) for scale in _scales(values, runs, share)]
    return min((trial for trial in trials if trial is not None), key=lambda trial: trial.n_bits)


def _runs(values: Floats) -> Runs:
    """Return some runs of values, spread over the sample."""
    if len(values) <= _TRIAL_RUNS * _TRIAL_LENGTH:
        return values
    starts = np.linspace(0, len(values) - _TRIAL_LENGTH, _TRIAL_RUNS).astype(np.int64)
    return np.concatenate([values[start : start + _TRIAL_LENGTH] for start in starts])


def _scales(values: Floats, runs: Runs, share: float) -> Iterator[Scale]:
    """Yield scales worth a trial, the last of which says everything."""
    yield from _decimals(runs)
    yield from _digits(values, runs)
    yield from _singles(runs)
    table = np.unique(values)
    if _is_worth_a_table(table, values, share):
        yield RankScale(table)
    yield BitScale()


def _is_worth_a_table(table: Float[np.ndarray, "ranks"], values: Floats, share: float) -> bool:
    """Return whether to try a table; fewer are if the archive has rows that nobody saw."""
    if share <= _WHOLE_SHARE:
        return len(table) <= min(_MOST_RANKS, _MOST_DISTINCT * len(values))
    return len(table) <= min(_MOST_RANKS, len(values) / _VALUES_PER_RANK) and _recurs(values)


def _decimals(runs: Runs) -> Iterator[Scale]:
    """Yield decimals of ever more places, as far as they hit ever more."""
    yield from _improving(
        ([DecimalScale(places, rule) for rule in RULES] for places in range(_MOST_PLACES + 1)),
        runs,
    )


def _digits(values: Floats, runs: Runs) -> Iterator[Scale]:
    """Yield numbers of ever more significant digits, as far as they hit ever more."""
    magnitude = np.abs(values[values != 0].astype(np.float64))
    if not len(magnitude):
        return
    least = int(np.floor(np.log10(np.quantile(magnitude, _SMALLEST)))) - _SPARE_DECADES
    yield from _improving(
        (
            [DigitScale(digits, least, rule) for rule in RULES]
            for digits in range(_LEAST_DIGITS, MOST_DIGITS + 1)
        ),
        runs,
    )


def _singles(runs: Runs) -> Iterator[Scale]:
    """Yield floats of 32 bits printed with ever more digits, as far as they hit ever more."""
    if runs.dtype != np.float64 or not _near_singles(runs):
        return
    yield from _improving(
        (
            [SingleScale(digits, rule) for rule in RULES]
            for digits in range(_LEAST_SINGLE_DIGITS, MOST_SINGLE_DIGITS + 1)
        ),
        runs,
    )


def _near_singles(runs: Runs) -> bool:
    values = runs[runs != 0]
    if not len(values):
        return False
    with np.errstate(over="ignore", under="ignore"):
        distances = np.abs(values.astype(np.float32) / values - 1)
    return bool(np.median(distances) < _NEAR_SINGLE)


def _improving(choices: Iterable[Sequence[Scale]], runs: Runs) -> Iterator[Scale]:
    """Yield the best scale of each choice that halves misses, with or without repairs."""
    exact = near = 2 * _MOST_MISSES
    for scales in choices:
        misses = [_misses(scale, runs) for scale in scales]
        best = int(np.argmin([one + other for one, other in misses]))
        is_better = misses[best][0] <= exact / 2 or misses[best][1] <= near / 2
        if is_better and min(misses[best]) < min(exact, near):
            yield scales[best]
            exact, near = min(misses[best][0], exact), min(misses[best][1], near)
        if not near:
            return


def _misses(scale: Scale, runs: Runs) -> tuple[float, float]:
    """Return the parts of values that are off a scale, and further off than a few floats."""
    reached = scale.value_of(scale.nearest(runs), runs.dtype)
    ulps = np.abs(to_order(reached) - to_order(runs))
    return float((ulps != 0).mean()), float((ulps > MOST_ULPS).mean())


def _recurs(values: Floats) -> bool:
    """Return whether values of either half of a sample are those of the other one."""
    first, second = np.array_split(values, 2)
    misses = max(1 - np.isin(second, first).mean(), 1 - np.isin(first, second).mean())
    return bool(misses <= _MOST_NEW)


def _tried(scale: Scale, values: Floats, runs: Runs, share: float) -> _Trial | None:
    """Measure a scale; None if it misses too much, with and without repairs."""
    numbers = scale.nearest(values)
    ulps = np.abs(to_order(scale.value_of(numbers, values.dtype)) - to_order(values))
    if (ulps > MOST_ULPS).mean() > _MOST_MISSES:
        return None
    affine = Affine() if isinstance(scale, RankScale) else fit_affine(numbers[ulps == 0])
    steps, _ = affine.to_steps(scale.nearest(runs))
    n_bits = 8 * len(pack_integers(steps)) / len(runs)
    exact = _exception_bits(ulps > 0, runs)
    near = _exception_bits(ulps > MOST_ULPS, runs) + _repair_bits(ulps)
    n_bits += min(exact, near)
    n_bits += _RANGE_COST * np.log2(1.0 + np.ptp(np.quantile(steps, [0.01, 0.99])))
    if scale.family != "number":
        n_bits += _UNADDED_BITS
    table = 8 * len(pack_numbers(scale.table)) if isinstance(scale, RankScale) else 0
    return _Trial(scale, affine, near < exact, n_bits * len(values) * share + table)


def _exception_bits(is_miss: Rows, runs: Runs) -> float:
    """Estimate what misses take per value, if pieces with too many of them are stored whole."""
    if not is_miss.any():
        return 0.0
    pieces = np.array_split(is_miss, -(-len(is_miss) // _PIECE))
    whole = _WHOLE_LOSS * 8 * len(pack_numbers(runs)) / len(runs)
    n_bits = [min(whole * len(piece), _EXCEPTION_BITS * float(piece.sum())) for piece in pieces]
    return float(sum(n_bits) / len(is_miss))


def _repair_bits(ulps: Integers) -> float:
    """Estimate what repairs take per value: the entropy of whether there is one, and a bit."""
    n_off, n_values = int((ulps > 0).sum()), len(ulps)
    if n_off in {0, n_values}:
        return n_off / n_values
    part = n_off / n_values
    return float(part - part * np.log2(part) - (1 - part) * np.log2(1 - part))
