"""Levels of rows, the neighbours of each row, and what these say of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Linear, Neighbour

Coded = Int64[np.ndarray, "coded"]
Some = Int64[np.ndarray, "some"]


@dataclass(frozen=True)
class Levels:
    """Levels and neighbours of rows in coding order; neighbours have a higher level.

    Args:
        level: of each row.
        left, right: places of the neighbours; -1 left of the first row of a run, and the left one
            once more where there is none to the right.
        far_left, far_right: places three times as far away; the neighbour where there is none.
    """

    level: Coded
    left: Coded
    right: Coded
    far_left: Coded
    far_right: Coded

    @cached_property
    def order(self) -> Coded:
        """All places, the highest level first, ascending in each."""
        # Integers of 8 bits are sorted in linear time.
        return np.argsort((63 - self.level).astype(np.uint8), kind="stable")

    @cached_property
    def ends(self) -> Int64[np.ndarray, "ends"]:
        """Where each level ends in that order, after a 0 where the first begins."""
        counts = np.bincount(self.level)[::-1]
        return np.cumsum(np.append(0, counts[counts > 0]))

    def places(self) -> list[Some]:
        """Return the places of each level that has any, the highest level first."""
        ends = self.ends.tolist()
        return [self.order[start:end] for start, end in pairwise(ends)]

    @cached_property
    def by_level(self) -> Levels:
        """The same of rows sorted by level; neighbours are places in that order."""
        moved = np.empty(len(self.order) + 1, np.int64)
        moved[self.order] = np.arange(len(self.order))
        moved[-1] = -1  # no neighbour
        sides = (self.left, self.right, self.far_left, self.far_right)
        return Levels(self.level[self.order], *(moved[side[self.order]] for side in sides))

    def at(self, places: Some) -> Levels:
        """Return the levels and neighbours of some rows."""
        return Levels(
            self.level[places],
            self.left[places],
            self.right[places],
            self.far_left[places],
            self.far_right[places],
        )


@dataclass(frozen=True)
class Neighbours:
    """Integers of the rows left and right of some rows, by their places.

    Args:
        left, right: integers.
        bend: left and right less both farther away; how the rows curve there.
    """

    left: Some
    right: Some
    bend: Some

    def of(self, neighbour: Neighbour) -> Some:
        """Return the integers on one side."""
        return self.right if neighbour.is_right else self.left

    @property
    def gap(self) -> Some:
        """Right less left."""
        return self.right - self.left

    @property
    def mean(self) -> Some:
        """The mean of both, rounded down."""
        return self.left + (self.gap >> 1)


def find_levels(is_start: Bool[np.ndarray, "coded"]) -> Levels:
    """Return the levels of rows in coding order.

    The row at place p of a run has the number of zeros that p ends in, in binary, as its level;
    its neighbours are `2 ** level` places away. The first row has a level above all others.

    Args:
        is_start: first row of each run.
    """
    starts = np.flatnonzero(is_start)
    sizes = np.diff(starts, append=len(is_start))
    start, size = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    places = np.arange(len(is_start)) - start
    distances = places & -places
    powers = np.int64(1) << np.arange(63)
    level = np.searchsorted(powers, np.where(places > 0, distances, size))
    left, right = places - distances, places + distances
    right = np.where(right < size, right, left)
    far_left, far_right = places - 3 * distances, places + 3 * distances
    far_left = np.where(far_left >= 0, far_left, left)
    far_right = np.where(far_right < size, far_right, right)
    sides = (left, right, far_left, far_right)
    return Levels(level, *(np.where(places > 0, side + start, -1) for side in sides))


def neighbours(integers: Coded, levels: Levels, middle: int) -> Neighbours:
    """Return what the neighbours of some rows hold; `middle` where there are none."""
    has_any = levels.left >= 0
    left = np.where(has_any, integers[levels.left], middle)
    right = np.where(has_any, integers[levels.right], middle)
    farther = integers[levels.far_left] + integers[levels.far_right]
    return Neighbours(left, right, np.where(has_any, left + right - farther, 0))


def are_alike(
    guess: Neighbour, integers: Coded, levels: Levels, middle: int
) -> Bool[np.ndarray, "coded"]:
    """Return which rows hold the integer of their neighbour, in coding order."""
    result: Bool[np.ndarray, "coded"] = neighbours(integers, levels, middle).of(guess) == integers
    return result


def predict_distances(base: Linear, known: KnownRows, rows: Coded, levels: Levels) -> Coded:
    """Predict how far each row is from the mean of its neighbours, in coding order.

    Other sub-columns tell by twice their own distances; nothing is predicted of first rows.
    """
    totals = known.weighted(0, base.terms)[rows]
    twice = 2 * totals - totals[levels.left] - totals[levels.right]
    half = np.int64(1 << base.shift >> 1)
    predicted = (twice + np.int64(base.bias) + half) >> np.int64(base.shift)
    return np.where(levels.left >= 0, predicted, 0)
