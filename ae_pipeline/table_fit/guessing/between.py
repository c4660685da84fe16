"""Ways to code rows between known neighbours, for numbers that change slowly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ae_pipeline.table.between.levels import find_levels
from ae_pipeline.table.model import Guess, Hierarchy, Linear, Neighbour, Previous
from ae_pipeline.table.targets import coding_order
from ae_pipeline.table_fit.goal import Goal
from ae_pipeline.table_fit.guessing.linear import fit_distances
from ae_pipeline.table_fit.trial import Way

#: Levels of the rows that predictions are fitted to: neighbours at most so far away count most.
_MOST_LEVEL = 1
_SIDES = (Neighbour(is_right=False), Neighbour(is_right=True))


def between_ways(goal: Goal, numbers: list[str], guesses: tuple[Guess, ...]) -> list[Way]:
    """Return ways that code rows level by level.

    Args:
        goal: what is coded.
        numbers: sub-columns to predict distances from.
        guesses: that are worth it.
    """
    # The middle one of all, exactly: a mean of two may not fit 64 bits.
    middle = int(np.partition(goal.integers[goal.live], len(goal.live) // 2)[len(goal.live) // 2])
    ways = [Way(guesses=_SIDES, hierarchy=Hierarchy(middle, has_distances=False))]
    if goal.column.role != "category" and goal.span > 8:
        distances = Way(hierarchy=Hierarchy(middle, has_distances=True))
        ways.append(distances)
        base = _predict(goal, numbers)
        if base is not None:
            ways.append(replace(distances, base=base))
    used = tuple(guess for guess in guesses if not isinstance(guess, Previous))
    if used:
        ways += [replace(way, guesses=used + way.guesses) for way in ways]
    return ways


def _predict(goal: Goal, numbers: list[str]) -> Linear | None:
    order = coding_order((), goal.space.known, goal.sequence.live)
    levels = find_levels(order.is_start)
    has_both = (levels.level <= _MOST_LEVEL) & (levels.left >= 0) & (levels.left != levels.right)
    places = np.flatnonzero(has_both)
    at = levels.at(places)
    return fit_distances(
        goal, numbers, order.rows[places], order.rows[at.left], order.rows[at.right]
    )
