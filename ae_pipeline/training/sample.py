"""The resident sample: rows in memory that mini-batches are drawn from, refreshed every epoch.

A source that fits is read once and stays. A larger one gives another random subset of rows to each
epoch; which rows depends on the seed and the epoch alone, so a resumed run sees the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from ae_pipeline.blocks import block_to_matrix, records_to_block, rows_per_block
from ae_pipeline.source import RowGroup, read_records
from ae_pipeline.standardization import Standardization

#: Row groups that one refresh reads; more mix better, fewer read less.
_GROUPS_PER_REFRESH = 16

Matrix = Float32[np.ndarray, "rows inputs"]


@dataclass(frozen=True)
class Section:
    """Consecutive rows of one row group."""

    group: RowGroup
    start: int
    stop: int

    @property
    def n_rows(self) -> int:
        """Rows in the section."""
        return self.stop - self.start


def split_validation(
    groups: Sequence[RowGroup], fraction: float
) -> tuple[list[Section], list[Section]]:
    """(training, validation) sections: whole row groups where there are enough of them.

    With fewer than `1 / fraction` row groups the last rows of each are held out instead, never
    the only one.
    """
    period = math.ceil(1 / fraction)
    whole = [Section(group, 0, group.n_rows) for group in groups]
    if len(whole) >= period:
        held_out = set(range(period // 2, len(whole), period))
        training = [section for i, section in enumerate(whole) if i not in held_out]
        return training, [whole[i] for i in sorted(held_out)]
    cuts = [max(1, round(group.n_rows * (1 - fraction))) for group in groups]
    training = [Section(group, 0, cut) for group, cut in zip(groups, cuts, strict=True)]
    tails = [Section(group, cut, group.n_rows) for group, cut in zip(groups, cuts, strict=True)]
    return training, [section for section in tails if section.n_rows]


class ResidentSample:
    """Standardised training rows, NaN where a value is missing.

    Args:
        sections: rows to draw from.
        features: names of the feature columns.
        standardization: source units to network inputs.
        capacity_rows: rows that fit in memory.
        seed: with the epoch it decides which rows are drawn.
    """

    def __init__(
        self,
        sections: Sequence[Section],
        features: Sequence[str],
        standardization: Standardization,
        capacity_rows: int,
        seed: int,
    ) -> None:
        self._sections = list(sections)
        self._features = features
        self._standardization = standardization
        self._seed = seed
        self._n_available = sum(section.n_rows for section in sections)
        self.n_rows = min(self._n_available, max(1, capacity_rows))
        self._resident: Matrix | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every row fits, so that all epochs see the same matrix."""
        return self.n_rows == self._n_available

    def matrix(self, epoch: int) -> Matrix:
        """The rows of an epoch, always `n_rows` of them."""
        if not self.is_complete:
            return self._draw(epoch)
        if self._resident is None:
            self._resident = self._read(self._sections, [None] * len(self._sections))
        return self._resident

    def _draw(self, epoch: int) -> Matrix:
        """A random subset of the rows of some row groups, others in the next epoch."""
        size = min(len(self._sections), _GROUPS_PER_REFRESH)
        chosen, n_rows = [], 0
        for index in self._order(epoch * size):
            chosen.append(self._sections[index])
            n_rows += self._sections[index].n_rows
            if len(chosen) >= size and n_rows >= self.n_rows:
                break
        return self._read(chosen, self._pick(chosen, n_rows, epoch))

    def _order(self, position: int) -> Int64[np.ndarray, "sections"]:
        """Every section once, read from `position` on in an endless row of shuffled laps."""
        n_sections = len(self._sections)
        lap, offset = divmod(position, n_sections)
        now, then = (
            np.random.default_rng([self._seed, number]).permutation(n_sections)
            for number in (lap, lap + 1)
        )
        rest = now[offset:]
        return np.concatenate([rest, then[~np.isin(then, rest)]])

    def _pick(
        self, chosen: list[Section], n_rows: int, epoch: int
    ) -> list[Int64[np.ndarray, "picked"] | None]:
        """Row numbers in each section: uniform over all rows of the chosen sections."""
        generator = np.random.default_rng([self._seed, epoch, 1])
        picked = np.sort(generator.choice(n_rows, self.n_rows, replace=False, shuffle=False))
        starts = np.cumsum([0] + [section.n_rows for section in chosen])
        cuts = np.searchsorted(picked, starts)
        return [picked[cuts[i] : cuts[i + 1]] - starts[i] for i in range(len(chosen))]

    def _read(
        self, sections: Sequence[Section], rows: Sequence[Int64[np.ndarray, "picked"] | None]
    ) -> Matrix:
        parts = [self._read_section(*pair) for pair in zip(sections, rows, strict=True)]
        return np.concatenate(parts)

    def _read_section(self, section: Section, rows: Int64[np.ndarray, "picked"] | None) -> Matrix:
        """Rows of one section; `rows` counts from its start and is sorted, None means all."""
        wanted = np.arange(section.n_rows) if rows is None else rows
        wanted = wanted + section.start
        parts = [np.empty((0, self._standardization.n_inputs), np.float32)]
        start, group, n_rows = 0, section.group, rows_per_block(len(self._features))
        for records in read_records(group.fragment, n_rows, self._features, [group.index]):
            low, high = np.searchsorted(wanted, [start, start + records.num_rows])
            if low < high:
                block = records_to_block(records, self._features)
                matrix = block_to_matrix(block, self._standardization)
                parts.append(matrix[wanted[low:high] - start])
            start += records.num_rows
        return np.concatenate(parts)
