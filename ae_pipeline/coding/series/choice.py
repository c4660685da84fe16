"""How to store a column as a series: levels of all rows, or knots and what lies around them.

Ways are tried on some rows in the middle; the best of them are tried on all rows, unless the column
takes fewer bytes as it is. What is chosen here no reader has to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.coding.entropy import pack_integers
from ae_pipeline.coding.series.levels import contexts_of, count_levels, magnitudes
from ae_pipeline.coding.series.prediction import CUBIC, LINE, QUINTIC, predict
from ae_pipeline.coding.series.stream import (
    MOST_FRACTION,
    Level,
    Series,
    StoredSeries,
    fill_between,
    step_of,
)
from ae_pipeline.coding.series.tokens import Part

#: Fewer rows are not tried.
_LEAST_ROWS = 16
#: Rows to choose a way on. It must not be larger than pcodec's there, but for some bytes.
_TRIED = 8192
#: Where levels of all rows are so many times larger, knots are not smaller either.
_HOPELESS = 1.1
#: Ways that are tried on all rows are at most so many times larger than the best, or so many bytes.
_ALMOST, _SLACK_BYTES = 1.1, 64
#: A larger unit leaves no bits after the point.
_BITS = 50
#: A curve must be this much better than one through fewer rows, on about so many of them.
_BETTER, _COMPARED = 0.98, 4096
#: 64ths that the steps of the last levels are less than a unit, the last level first.
_EVEN, _FINER = (0,), (0, 13, 23, 32)
#: Of knots; a finer step costs little, as they are few.
_KNOT_STEPS = (48,)

Units = Float64[np.ndarray, "rows"]
Integers = Int64[np.ndarray, "rows"]


@dataclass(frozen=True)
class _Way:
    """Logarithm of the distance of knots, 0 for none, and what steps are less than a unit."""

    knots: int
    less: tuple[int, ...]


_PLAIN = _Way(0, _EVEN)
_FRACTIONAL = (_PLAIN, _Way(0, _FINER), _Way(4, _KNOT_STEPS), _Way(7, _KNOT_STEPS))


def pack_series(
    units: Units,
    cells: Integers,
    most_bytes: int,
    *,
    is_whole: bool,
    direct_bytes: int | None = None,
) -> tuple[bytes, Series] | None:
    """Store units of rows, each within half a unit but for rounding.

    Args:
        units: finite and below 2^51 in magnitude.
        cells: the same, rounded.
        most_bytes: what they take otherwise.
        is_whole: whether only whole units may come back; then none is off.
        direct_bytes: what cells take as integers; None if that is `most_bytes`.

    Returns:
        The stream and what it decodes to, or None if that does not take fewer than `most_bytes`,
        or some rows show that it would take more.
    """
    if len(units) < _LEAST_ROWS:
        return None
    if is_whole:
        units = np.rint(units)  # so that a tie does not depend on its prediction
    fraction = 0 if is_whole else _fraction_of(units)
    ways = _FRACTIONAL if fraction else (_PLAIN,)
    share = 1.0 if direct_bytes is None else most_bytes / max(direct_bytes, 1)
    best = None
    for way in _good_on_some(units, cells, fraction, ways, min(share, 1.0)):
        stored, integers = _store(units, fraction, way)
        content = stored.to_bytes()
        if len(content) < most_bytes:
            most_bytes, best = len(content), (content, Series(integers, fraction))
    return best


def _size(units: Units, fraction: int, way: _Way) -> int:
    return len(_store(units, fraction, way)[0].to_bytes())


def _fraction_of(units: Units) -> int:
    bits = int(np.frexp(np.abs(units).max())[1])
    return max(min(MOST_FRACTION, _BITS - bits), 0)


def _good_on_some(
    units: Units, cells: Integers, fraction: int, ways: Sequence[_Way], share: float
) -> list[_Way]:
    """Return the best ways for rows in the middle; none that take more than a share of pcodec's."""
    start = max((len(units) - _TRIED) // 2, 0)
    some = slice(start, start + _TRIED)
    tried = units[some] - np.rint(units[start])
    sizes = [_size(tried, fraction, ways[0])]
    most = share * len(pack_integers(cells[some])) + _SLACK_BYTES
    if sizes[0] > _HOPELESS * most:
        return []
    sizes += [_size(tried, fraction, way) for way in ways[1:]]
    if len(units) > _TRIED and min(sizes) > most:
        return []
    good = _ALMOST * min(sizes) + _SLACK_BYTES
    return [way for way, size in zip(ways, sizes, strict=True) if size <= good]


def _store(units: Units, fraction: int, way: _Way) -> tuple[StoredSeries, Integers]:
    knots = min(way.knots, count_levels(len(units)))
    if not knots:
        first, levels, integers = _trace(units, fraction, way.less)
        return StoredSeries(fraction, first, levels), integers
    first, levels, own = _trace(_smoothed(units, 1 << knots), fraction, way.less)
    found = np.zeros(len(units), np.int64)
    found[:: 1 << knots] = own
    fill_between(found, knots, QUINTIC)
    around = np.rint(units - found * 2.0**-fraction).astype(np.int64)
    found += around << fraction
    return StoredSeries(fraction, first, levels, knots, QUINTIC, around), found


def _trace(
    units: Units, fraction: int, less: tuple[int, ...]
) -> tuple[int, tuple[Level, ...], Integers]:
    """Return the integer of the first row, the levels, and what they decode to."""
    found, sizes = np.zeros(len(units), np.int64), np.zeros(len(units), np.int64)
    first = int(np.rint(units[0]))
    found[0] = first << fraction
    levels = []
    for level in reversed(range(count_levels(len(units)))):
        rows, known = slice(1 << level, None, 2 << level), slice(None, None, 2 << level)
        own_less = less[min(level, len(less) - 1)]
        step = step_of(fraction, own_less)
        order, predicted, integers = _closest(found[known], units[rows], fraction, step)
        part = Part(contexts_of(sizes[known], len(integers)), integers)
        levels.append(Level(order, own_less, part))
        found[rows] = predicted + integers * step
        sizes[rows] = magnitudes(integers)
    return first, tuple(levels), found


def _closest(
    known: Int64[np.ndarray, "known"], units: Units, fraction: int, step: int
) -> tuple[int, Integers, Integers]:
    """Return the order that predicts a level best, the prediction, and the integers left."""
    tried = slice(None, None, max(len(units) // _COMPARED, 1))
    predictions = [predict(known, len(units), order) for order in (LINE, CUBIC, QUINTIC)]
    best, best_cost = LINE, np.inf
    for order, predicted in enumerate(predictions):
        left = _left(units[tried], predicted[tried], fraction, step)
        cost = float(np.log2(1.0 + np.abs(left)).sum())
        if cost < _BETTER * best_cost:
            best, best_cost = order, cost
    left = _left(units, predictions[best], fraction, step)
    return best, predictions[best], left.astype(np.int64)


def _left(units: Units, predicted: Integers, fraction: int, step: int) -> Units:
    """Return what is left of units in whole steps."""
    return np.rint((units - predicted * 2.0**-fraction) * (2.0**fraction / step))


def _smoothed(units: Units, distance: int) -> Float64[np.ndarray, "knots"]:
    """Return knots of a curve through rows: of parabolas fitted to those around each knot.

    Source: Savitzky and Golay 1964, "Smoothing and Differentiation of Data by Simplified Least
    Squares Procedures".
    """
    half = distance
    padded = np.pad(units, half, mode="reflect", reflect_type="odd")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)[::distance]
    places = np.arange(-half, half + 1)
    weights = 3.0 * (3 * half**2 + 3 * half - 1 - 5.0 * places**2)
    weights /= (2 * half - 1) * (2 * half + 1) * (2 * half + 3)
    smooth: Float64[np.ndarray, "knots"] = (windows * weights).sum(axis=1)
    return smooth
