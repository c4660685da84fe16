"""Where the cells of equal width lie: through values that mean something, with room for rounding.

A gauge that reads 0 must not come back as -0.16, though that is within its tolerance.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Shaped

from ae_pipeline.coding import (
    Grid,
    Quantizer,
    breaks_promise,
    dequantize,
    quantize,
)
from ae_pipeline.columns.spread import Spread

#: A tolerance shrinks by at most this share of it to leave room for rounding.
_LARGEST_MARGIN = 2.0**-7
#: The least share of their width that cells keep where they are narrowed.
_LEAST_WIDTH = 8 / 9
#: Widths tried until one goes through the usual value to the last bit.
_WIDTHS_TRIED = 64
#: Most cells from 0 to ordinary values if they are counted from 0.
_MOST_CELLS = 1 << 24
#: The most values of a column that are exact because cells would keep them apart, and the fewest
#: rows of each.
_MOST_APART, _LEAST_REPEATS = 64, 8


def through_landmarks(tolerance: float, spread: Spread) -> float:
    """Narrow cells so that one is 0 and one the usual value, of a column that never crosses 0.

    Args:
        tolerance: half the width of a cell.
        spread: with the usual value and the ends of the ordinary ones.

    Returns:
        The largest such tolerance; the given one if there is no such value, or it is too near to 0.
    """
    usual = spread.usual
    if not usual or not tolerance or not _ends_at_zero(spread):
        return tolerance
    n_cells = max(np.ceil(abs(usual) / (2.0 * tolerance)), 1.0)
    width = abs(usual) / n_cells
    if n_cells > _MOST_CELLS or width < _LEAST_WIDTH * 2.0 * tolerance:
        return tolerance
    for _ in range(_WIDTHS_TRIED):
        if width * n_cells == abs(usual) and width <= 2.0 * tolerance:
            return float(width / 2.0)
        width = np.nextafter(width, 0.0)
    return tolerance


def origin(cell: float, seen: Shaped[np.ndarray, "values"], spread: Spread) -> float:
    """Return the value of cell 0: the usual value, which then comes back exactly, if there is one.

    Without one, or if the usual value is a whole number of cells from 0, cells are counted from 0
    where ordinary values reach it. Elsewhere it is the multiple of the cell width nearest to the
    median: decimals fall on few cells, and a grid through 0 keeps them there.

    Args:
        cell: width, in source units.
        seen: finite values of a sample.
        spread: with the usual value and the ends of the ordinary ones.
    """
    usual = spread.usual
    if usual is not None and spread.low <= usual <= spread.high:
        return 0.0 if _ends_at_zero(spread) and _is_multiple(usual, cell) else usual
    if cell and spread.low <= 0.0 <= spread.high and _reach(spread) <= _MOST_CELLS * cell:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        middle = float(np.median(seen)) if len(seen) else 0.0
        snapped = float(np.rint(middle / cell) * cell) if cell else middle
    return snapped if np.isfinite(snapped) else middle


def keeps_apart(grid: Grid, seen: Shaped[np.ndarray, "values"]) -> bool:
    """Whether a column of few values has them all in cells of their own: then it can be exact.

    Rounding saves nothing where no two values become one.
    """
    values = np.unique(seen)
    if len(values) > _MOST_APART or len(values) * _LEAST_REPEATS > len(seen):
        return False
    cells = quantize(grid.to_units(values.astype(np.float64)), None)
    return len(np.unique(cells)) == len(values)


def with_room(tolerance: float, seen: Float[np.ndarray, "values"]) -> float:
    """Shrink a tolerance by what rounding may add to an error, if values in the sample need it.

    Decimals halfway between two cells are as far off as allowed, and the last bit of the decoded
    value breaks the promise for half of them. Narrower cells leave room for that bit.
    """
    if not tolerance or not _breaks_any(tolerance, seen):
        return tolerance
    epsilon = float(np.finfo(seen.dtype).eps) + 4.0 * float(np.finfo(np.float64).eps)
    margin = epsilon * float(np.abs(seen).max())
    return tolerance - margin if margin <= _LARGEST_MARGIN * tolerance else tolerance


def _ends_at_zero(spread: Spread) -> bool:
    return spread.low == 0.0 or spread.high == 0.0


def _reach(spread: Spread) -> float:
    return max(abs(spread.low), abs(spread.high))


def _is_multiple(value: float, cell: float) -> bool:
    if not cell or abs(value) > _MOST_CELLS * cell:
        return False
    return bool(np.rint(value / cell) * cell == value)


def _breaks_any(tolerance: float, values: Float[np.ndarray, "values"]) -> bool:
    quantizer = Quantizer.linear(0.0, tolerance)
    cells = quantize(quantizer.grid.to_units(values.astype(np.float64)), None)
    decoded = dequantize(quantizer.grid, cells, None, values.dtype)
    return bool(breaks_promise(values, decoded, quantizer.promise).any())
