"""The sub-column whose model is sought, and the rows that are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table_fit.space_rows import SpaceRows, pick_rows

Rows = Int64[np.ndarray, "_"]

#: Where fewer of the rows that all look at have an integer, others are picked.
_LEAST_PICKED = 4000
#: A sample of less than the archive is divided into stretches, some of which judge.
_LEAST_SHARE = 1.2
_STRETCHES = 64


@dataclass(frozen=True)
class Goal:
    """A sub-column, not known yet, among those that are.

    Args:
        space: what is known.
        column: its meaning.
        sequence: its integers.
        live: rows that have one.
        picked: some of them.
    """

    space: SpaceRows
    column: SubColumn
    sequence: Sequence
    live: Rows
    picked: Rows

    @property
    def integers(self) -> Rows:
        """Integers of all rows."""
        return self.sequence.integers

    @property
    def span(self) -> float:
        """Distance from the least to the largest integer."""
        integers = self.integers[self.live]
        return float(integers.max()) - float(integers.min()) if len(integers) else 0.0

    @property
    def scale(self) -> float:
        """Rows of the archive that a picked row stands for."""
        return self.space.share * len(self.live) / max(len(self.picked), 1)

    @property
    def is_part(self) -> bool:
        """Whether the archive has many rows that are not in the sample."""
        return self.space.share > _LEAST_SHARE

    def is_held(self, rows: Rows) -> Bool[np.ndarray, "_"]:
        """Return the rows that judge what is learned from the others: every fourth stretch."""
        if not self.is_part:
            return np.zeros(len(rows), bool)
        length = max(1, self.space.n_rows // _STRETCHES)
        result: Bool[np.ndarray, "_"] = rows // length % 4 == 3
        return result

    def few(self, most: int, seed: int = 1) -> Rows:
        """Return some of the picked rows."""
        return pick_rows(self.picked, most, seed)


def make_goal(space: SpaceRows, column: SubColumn, sequence: Sequence, most: int) -> Goal:
    """Pick at most so many rows of a sub-column."""
    if sequence.live is None:
        picked = pick_rows(space.picked, most, 3)
        return Goal(space, column, sequence, np.arange(space.n_rows), picked)
    live = np.flatnonzero(sequence.live)
    picked = pick_rows(space.picked[sequence.live[space.picked]], most, 3)
    if len(picked) < min(_LEAST_PICKED, most, len(live)):
        picked = pick_rows(live, min(most, 4 * _LEAST_PICKED), 2)
    return Goal(space, column, sequence, live, picked)


def rank_correlation(
    target: Float64[np.ndarray, "_"], columns: Float64[np.ndarray, "_ _"]
) -> Float64[np.ndarray, "_"]:
    """Return the absolute correlation of ranks of each column with the target."""
    ranks = np.argsort(np.argsort(columns, axis=1), axis=1).astype(np.float64)
    wanted = np.argsort(np.argsort(target)).astype(np.float64)
    ranks -= ranks.mean(axis=1, keepdims=True)
    wanted -= wanted.mean()
    result: Float64[np.ndarray, "_"] = np.abs(ranks @ wanted)
    return result
