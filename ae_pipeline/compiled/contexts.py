"""Sort values into contexts and back: the order of `coding.contexts`, in two passes."""

from __future__ import annotations

import numpy as np

from ae_pipeline.compiled.compiling import Int64s, UInt8s, kernel

#: Rows whose places stay in the cache while each threshold is compared with them.
_TILE = 1 << 10


@kernel
def place_values(thresholds: Int64s, context_values: Int64s, places: UInt8s, sizes: Int64s) -> None:
    """Find the context of each value: how many thresholds are smaller; count each context.

    Args:
        thresholds: largest context value of each context but the last; at most 255.
        context_values: of each value.
        places: takes the contexts.
        sizes: takes the number of values of each context.
    """
    sizes[:] = 0
    found = np.empty(_TILE, np.int64)
    for start in range(0, len(context_values), _TILE):
        tile, tile_places = context_values[start : start + _TILE], places[start : start + _TILE]
        found[:] = 0
        for threshold in thresholds:
            for row in range(len(tile)):
                found[row] += np.int64(tile[row] > threshold)
        for row in range(len(tile)):
            tile_places[row] = found[row]
            sizes[found[row]] += 1


@kernel
def sort_by_place(places: UInt8s, sizes: Int64s, values: Int64s, found: Int64s) -> None:
    """Copy values so that those of a context are together, in row order."""
    at = np.cumsum(sizes) - sizes
    for row in range(len(values)):
        place = places[row]
        found[at[place]] = values[row]
        at[place] += 1


@kernel
def spread_by_place(places: UInt8s, sizes: Int64s, values: Int64s, found: Int64s) -> None:
    """Invert `sort_by_place`."""
    at = np.cumsum(sizes) - sizes
    for row in range(len(found)):
        place = places[row]
        found[row] = values[at[place]]
        at[place] += 1
