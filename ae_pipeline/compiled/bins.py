"""Places of targets inside their bin."""

from __future__ import annotations

import numpy as np

from ae_pipeline.compiled.arrays import Model
from ae_pipeline.compiled.compiling import Int64s, kernel
from ae_pipeline.compiled.symbols import (
    NONE,
    ONE,
    Stack,
    Symbols,
    last_at_most,
    put,
    put_below,
    take,
    take_below,
)

#: Numbers below at most 2 to this are one symbol, of larger ones each has so many bits.
_MOST_BITS, _PART_BITS = np.uint64(18), np.uint64(16)


@kernel
def read_bin(stack: Stack, model: Model, number: int, places: Int64s, targets: Int64s) -> None:
    """Read the targets of rows in a bin: those that it lists, or how far each is above its end."""
    start, stop = model.list_ends[number], model.list_ends[number + 1]
    if start < stop:
        for place in places:
            symbol = take(stack, model.listed_lefts[start:stop])
            targets[place] = model.listed[start + symbol]
        return
    low, last = model.lows[number], model.lasts[number]
    for place in places:
        targets[place] = low
    shift = _first_shift(last)
    size = (last >> shift) + ONE
    while size > ONE:
        for place in places:
            targets[place] += np.int64(take_below(stack, size) << shift)
        n_bits = min(shift, _PART_BITS)
        shift, size = shift - n_bits, ONE << n_bits


@kernel
def write_bin(symbols: Symbols, model: Model, number: int, places: Int64s, targets: Int64s) -> None:
    """Put the symbols of rows in a bin, as `read_bin` takes them."""
    start, stop = model.list_ends[number], model.list_ends[number + 1]
    if start < stop:
        for place in places:
            symbol = last_at_most(model.listed[start:stop], targets[place])
            put(symbols, model.listed_lefts[start:stop], symbol)
        return
    low, last = model.lows[number], model.lasts[number]
    shift = _first_shift(last)
    size = (last >> shift) + ONE
    while size > ONE:
        for place in places:
            part = np.uint64(targets[place] - low) >> shift
            # The first part has no more bits, and later sizes are powers of two.
            part = part if shift == _first_shift(last) else part & (size - ONE)
            put_below(symbols, part, size)
        n_bits = min(shift, _PART_BITS)
        shift, size = shift - n_bits, ONE << n_bits


@kernel
def _first_shift(last: np.uint64) -> np.uint64:
    """Return how far the first symbol of numbers up to `last` is shifted."""
    n_bits = NONE
    while n_bits < np.uint64(64) and last >> n_bits > NONE:
        n_bits += ONE
    return n_bits - _PART_BITS if n_bits > _MOST_BITS else NONE
