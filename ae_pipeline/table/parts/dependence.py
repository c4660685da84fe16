"""Tables of a guess ↔ numbers: keys as steps, values in the way that takes the fewest bytes.

Entries lie in runs. Of two sub-columns, a run has the entries with one integer of the first, or of
the second if it is stored the other way round; a table of one sub-column is one run.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.table.model import Dependence
from ae_pipeline.table.parts.number_streams import NumberReader, NumberWriter, packed_bytes
from ae_pipeline.table.parts.runs import steps_of, sums_of

_KEY_BITS = np.int64(20)
_LOW_BITS = np.int64((1 << 20) - 1)
#: Bits of a way: values are steps within a run, less the steps of keys; runs are of the second.
_HAS_STEPS, _LESS_KEYS, _IS_SWAPPED = 1, 2, 4
_WAYS_OF_ONE = (0, _HAS_STEPS, _HAS_STEPS | _LESS_KEYS)
_WAYS_OF_TWO = (*_WAYS_OF_ONE, *(way | _IS_SWAPPED for way in _WAYS_OF_ONE))

Numbers = Int64[np.ndarray, "entries"]


def put_table(numbers: NumberWriter, table: Dependence) -> None:
    """Append the table of a guess."""
    ways = _ways(len(table.sources))
    candidates = {way: _columns(table, way) for way in ways}
    way = min(ways, key=lambda way: sum(map(packed_bytes, candidates[way])))
    numbers.put("sizes", len(table.keys), way)
    for column in candidates[way]:
        numbers.put_long(column)


def take_table(numbers: NumberReader, sources: tuple[str, ...]) -> Dependence:
    """Invert `put_table`; ValueError if this is not what it put."""
    n_entries, way = numbers.take_tuple("sizes", 2)
    if way not in _ways(len(sources)):
        raise ValueError(f"a table of {len(sources)} sub-columns in way {way}")
    runs = np.zeros(max(n_entries, 0), np.int64)
    if len(sources) == 2:
        runs = np.cumsum(numbers.take_long(n_entries))
        if (runs[1:] < runs[:-1]).any():
            raise ValueError("runs of a table do not ascend")
    counts = _counts(runs)
    steps, values = numbers.take_long(n_entries), numbers.take_long(n_entries)
    keys = sums_of(steps, counts)
    if way & _HAS_STEPS:
        values = sums_of(values + steps if way & _LESS_KEYS else values, counts)
    if len(sources) == 2:
        first, second = (keys, runs) if way & _IS_SWAPPED else (runs, keys)
        keys = (first << _KEY_BITS) + second
    order = np.argsort(keys, kind="stable")
    return Dependence(sources, keys[order], values[order])


def _ways(n_sources: int) -> tuple[int, ...]:
    return _WAYS_OF_ONE if n_sources == 1 else _WAYS_OF_TWO


def _columns(table: Dependence, way: int) -> list[Numbers]:
    """Return what is stored: runs if there are several, keys inside, values."""
    runs, keys, values = np.zeros_like(table.keys), table.keys, table.values
    if len(table.sources) == 2:
        runs, keys = table.keys >> _KEY_BITS, table.keys & _LOW_BITS
    if way & _IS_SWAPPED:
        order = np.argsort(keys, kind="stable")
        runs, keys, values = keys[order], runs[order], values[order]
    counts = _counts(runs)
    steps = steps_of(keys, counts)
    if way & _HAS_STEPS:
        values = steps_of(values, counts) - (steps if way & _LESS_KEYS else 0)
    several = [np.diff(runs, prepend=0)] if len(table.sources) == 2 else []
    return [*several, steps, values]


def _counts(runs: Numbers) -> Int64[np.ndarray, "runs"]:
    return np.unique(runs, return_counts=True)[1]
