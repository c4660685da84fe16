"""Ways to code rows between known neighbours, for numbers that change slowly."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int32

from ae_pipeline.table.between.levels import find_levels
from ae_pipeline.table.model import Guess, Hierarchy, Linear, Neighbour, Previous
from ae_pipeline.table.targets import coding_order, relabelled
from ae_pipeline.table_fit.goal import Goal
from ae_pipeline.table_fit.guessing.linear import fit_distances
from ae_pipeline.table_fit.trial import Way

#: Levels of the rows that predictions are fitted to: neighbours at most so far away count most.
_MOST_LEVEL = 1
#: Integers below have labels; each that is used is in so many rows of the sample on average.
_MOST_LABELS, _LEAST_ROWS = 1 << 17, 16
_SIDES = (Neighbour(is_right=False), Neighbour(is_right=True))


def between_ways(goal: Goal, numbers: list[str], guesses: list[Guess]) -> list[Way]:
    """Return ways that code rows level by level.

    Args:
        goal: what is coded.
        numbers: sub-columns to predict distances from.
        guesses: that are worth it in row order.
    """
    middle = int(np.median(goal.integers[goal.live]))
    ways = [Way(guesses=_SIDES, hierarchy=Hierarchy(middle, has_distances=False))]
    if goal.column.role != "category" and goal.span > 8:
        distances = Way(hierarchy=Hierarchy(middle, has_distances=True))
        ways.append(distances)
        base = _predict(goal, numbers)
        if base is not None:
            ways.append(Way(base=base, hierarchy=distances.hierarchy))
    used = tuple(guess for guess in guesses if not isinstance(guess, Previous))
    if used:
        ways += [
            Way(way.keys, way.base, guesses=used + way.guesses, hierarchy=way.hierarchy)
            for way in ways
        ]
    return ways


def rank_ways(goal: Goal) -> list[Way]:
    """Return ways that code numbers by their rank, if they have few values far apart.

    Numbers that were converted from another unit lie on an uneven grid; ranks make it even.
    """
    labels = _ranks(goal)
    if labels is None:
        return []
    middle = int(np.median(relabelled(labels, goal.integers[goal.live])))
    return [
        Way(labels=labels, follows=True),
        Way(labels=labels, hierarchy=Hierarchy(middle, has_distances=True)),
    ]


def _ranks(goal: Goal) -> Int32[np.ndarray, "labels"] | None:
    """Label integers by rank, those in the sample before all others."""
    if goal.column.role != "number":
        return None
    integers = goal.integers[goal.live]
    integers = integers[integers >= 0]
    if not len(integers) or integers.max() >= _MOST_LABELS:
        return None
    counts = np.bincount(integers)
    used = np.flatnonzero(counts)
    if 2 * len(used) > len(counts) - used[0] or _LEAST_ROWS * len(used) > len(integers):
        return None
    labels = np.empty(len(counts), np.int32)
    labels[used] = np.arange(len(used))
    labels[counts == 0] = np.arange(len(used), len(counts))
    return labels


def _predict(goal: Goal, numbers: list[str]) -> Linear | None:
    order = coding_order((), goal.space.known, goal.sequence.live)
    levels = find_levels(order.is_start)
    has_both = (levels.level <= _MOST_LEVEL) & (levels.left >= 0) & (levels.left != levels.right)
    places = np.flatnonzero(has_both)
    at = levels.at(places)
    return fit_distances(
        goal, numbers, order.rows[places], order.rows[at.left], order.rows[at.right]
    )
