"""Guesses by tables, `f(a)` and `f(a, b)`, and by cycles, `(a + constant) mod length`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.table.guesses import combined_keys
from ae_pipeline.table.model import Dependence, Relation, Term
from ae_pipeline.table_fit.contexts.bits import entropy_bits
from ae_pipeline.table_fit.goal import Goal

_MOST_ROWS = 20_000
_MOST_ENTRIES = 1 << 17
_MOST_VALUE, _FAR = 1 << 20, 1 << 40
_SINGLES_PAIRED = 6
_MOST_CYCLE = 5000

Integers = Int64[np.ndarray, "_"]


@dataclass(frozen=True)
class _Match:
    """How well keys determine an integer.

    Args:
        gain: bits saved, less those of the table.
        share: of rows whose guess is that of other rows with the same key.
    """

    gain: float
    share: float
    sources: tuple[str, ...]


def find_dependences(goal: Goal, names: list[str], most: int = 2) -> list[Dependence]:
    """Return tables that guess better than the most frequent integer, the best first."""
    rows = goal.few(_MOST_ROWS)
    integers = goal.integers[rows]
    distinct, counts = np.unique(integers, return_counts=True)
    if len(distinct) < 3:
        return []
    mode = counts.max() / len(rows)
    floor = max(0.25, 1.4 * mode if mode < 0.5 else mode + 0.4 * (1 - mode))
    usable = [name for name in names if _is_small(goal, name)]
    judge = _Judge(goal, rows)
    singles = sorted((judge.match((name,)) for name in usable), key=lambda match: -match.gain)
    paired = sorted(singles, key=lambda match: -match.share)[:_SINGLES_PAIRED]
    pairs = [
        judge.match((first.sources[0], second.sources[0]))
        for first, second in combinations(paired, 2)
    ]
    found = [match for match in [*singles, *pairs] if match.gain > 0 and match.share > floor]
    found.sort(key=lambda match: -match.gain)
    if goal.is_held(goal.live).all():
        return []
    return [make_table(goal, match.sources) for match in found[:most]]


def _is_small(goal: Goal, name: str) -> bool:
    """Whether keys of pairs tell all of its values apart, 0 for rows without one among them."""
    least, largest = min(goal.space.least(name), -1), max(goal.space.largest(name), -1)
    return largest - least < _MOST_VALUE and abs(least) < _FAR


class _Judge:
    def __init__(self, goal: Goal, rows: Integers) -> None:
        self._goal, self._rows = goal, rows
        distinct, places = np.unique(goal.integers[rows], return_inverse=True)
        self._places = places.astype(np.int64)
        self._n_distinct = len(distinct)
        self._scale = goal.space.share * len(goal.live) / max(len(rows), 1)
        counts = np.bincount(places)
        self._bits = entropy_bits(counts) / max(len(rows), 1)

    def match(self, sources: tuple[str, ...]) -> _Match:
        keys = self._goal.space.values_at(sources[0], self._rows)
        for name in sources[1:]:
            keys = (keys << 20) + self._goal.space.values_at(name, self._rows)
        _, groups = np.unique(keys, return_inverse=True)
        n_groups = int(groups.max()) + 1
        pairs = np.sort(groups * self._n_distinct + self._places)
        starts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
        counts = np.diff(starts, append=len(pairs))
        largest = np.zeros(n_groups, np.int64)
        np.maximum.at(largest, pairs[starts] // self._n_distinct, counts)
        # A row alone in its group says nothing of rows to come.
        matched = int(largest[largest > 1].sum()) - 0.5 * int((largest > 1).sum())
        share = matched / len(pairs)
        table = int((largest > 1).sum()) * (np.log2(self._n_distinct) + 4)
        missed = entropy_bits(np.array([matched, len(pairs) - matched]))
        gain = (self._bits * matched - missed) * self._scale - table
        return _Match(float(gain), share, sources)


def make_table(goal: Goal, sources: tuple[str, ...]) -> Dependence:
    """Tabulate the most frequent integer of each key, in the rows that do not judge."""
    rows = goal.live[~goal.is_held(goal.live)]
    keys = combined_keys(sources, goal.space.known)[rows]
    integers = goal.integers[rows]
    order = np.lexsort((integers, keys))
    keys, integers = keys[order], integers[order]
    is_new = np.concatenate([[True], (keys[1:] != keys[:-1]) | (integers[1:] != integers[:-1])])
    starts = np.flatnonzero(is_new)
    counts = np.diff(starts, append=len(keys))
    order = np.lexsort((-counts, keys[starts]))
    starts, counts = starts[order], counts[order]
    is_first = np.concatenate([[True], keys[starts][1:] != keys[starts][:-1]])
    # An entry that one row alone speaks for saves nothing.
    kept = starts[is_first & (counts >= 2)]
    kept = kept if len(kept) else starts[:1]
    return Dependence(sources, keys[kept], integers[kept])


def find_cycle(goal: Goal, names: list[str]) -> list[Relation]:
    """Return `(a + constant) mod length`, where the goal takes all integers below a length."""
    rows = goal.few(_MOST_ROWS)
    integers = goal.integers[rows]
    length = int(goal.integers[goal.live].max(initial=0)) + 1
    if goal.column.role == "validity" or not 3 <= length <= _MOST_CYCLE or integers.min() < 0:
        return []
    best, share = None, max(0.3, 1.5 * np.bincount(integers).max() / len(rows))
    for name in names:
        if goal.space.largest(name) < length:
            continue
        shifts = (integers - goal.space.known[name].integers[rows]) % length
        counts = np.bincount(shifts, minlength=length)
        if counts.max() / len(rows) > share:
            share = counts.max() / len(rows)
            best = Relation(int(counts.argmax()), 1, (Term(name, 1),), 0, length)
    return [best] if best is not None else []
