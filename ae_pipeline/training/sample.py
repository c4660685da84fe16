"""The resident sample: rows in memory that mini-batches are drawn from, refreshed every epoch.

A source that fits is read once and stays. Of a larger one, each epoch gets another random subset of
rows; it depends on the seed and the epoch alone, so a resumed run sees the same rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Int64

from ae_pipeline.blocks.block import rows_per_block
from ae_pipeline.blocks.windows import rows_to_windows
from ae_pipeline.columns import Standardization
from ae_pipeline.dataset import RowGroup, read_records, rebatch
from ae_pipeline.inputs import RowInputs, read_block

#: Row groups read per refresh; more mix better, fewer take less time.
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

    def n_windows(self, window: int) -> int:
        """Return the number of whole windows; a section shorter than one is filled up."""
        return max(1, self.n_rows // window)


def split_validation(
    groups: Sequence[RowGroup], fraction: float, n_parts: int = 1
) -> tuple[list[Section], list[Section]]:
    """Return (training, validation) sections: whole row groups if there are enough of them.

    With fewer than `1 / fraction` row groups, each is cut into `n_parts` and the last rows of each
    part are held out instead, never the only one. More parts tell more about sorted rows.
    """
    period = math.ceil(1 / fraction)
    if len(groups) >= period:
        whole = [Section(group, 0, group.n_rows) for group in groups]
        held_out = set(range(period // 2, len(whole), period))
        training = [section for i, section in enumerate(whole) if i not in held_out]
        return training, [whole[i] for i in sorted(held_out)]
    parts = [
        part for group in groups for part in _parts(group, min(n_parts, group.n_rows // period))
    ]
    cuts = [part.start + max(1, round(part.n_rows * (1 - fraction))) for part in parts]
    pairs = list(zip(parts, cuts, strict=True))
    training = [Section(part.group, part.start, cut) for part, cut in pairs]
    tails = [Section(part.group, cut, part.stop) for part, cut in pairs]
    return training, [section for section in tails if section.n_rows]


def _parts(group: RowGroup, n_parts: int) -> list[Section]:
    """Cut a row group into parts of about as many rows; one of a small one."""
    bounds = np.linspace(0, group.n_rows, max(n_parts, 1) + 1).round().astype(int).tolist()
    return [Section(group, start, stop) for start, stop in pairwise(bounds)]


class ResidentSample:
    """Standardised training inputs, NaN where a value is missing.

    Args:
        sections: of the rows to draw from.
        features: names of the feature columns.
        standardization: source units to network inputs.
        capacity: inputs that fit into memory.
        seed: decides, with the epoch, which inputs are drawn.
        window: consecutive rows of a section per input.
        lanes: of the feature columns; None if none holds vectors.
        inputs: what the network sees of a row; None if it sees numbers alone.
    """

    def __init__(
        self,
        sections: Sequence[Section],
        features: Sequence[str],
        standardization: Standardization,
        capacity: int,
        seed: int,
        window: int = 1,
        lanes: Sequence[str] | None = None,
        inputs: RowInputs | None = None,
    ) -> None:
        self._sections = list(sections)
        self._features = features
        self._lanes = features if lanes is None else lanes
        self._inputs = RowInputs(standardization) if inputs is None else inputs
        self._seed = seed
        self._window = window
        self._n_available = sum(section.n_windows(window) for section in sections)
        self.n_inputs = min(self._n_available, max(1, capacity))
        self._resident: Matrix | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every input fits, so that all epochs see the same matrix."""
        return self.n_inputs == self._n_available

    def matrix(self, epoch: int) -> Matrix:
        """Return the inputs of an epoch, always `n_inputs` of them."""
        if not self.is_complete:
            return self._draw(epoch)
        if self._resident is None:
            self._resident = self._read(self._sections, [None] * len(self._sections))
        return self._resident

    def _draw(self, epoch: int) -> Matrix:
        """Draw a random subset of the inputs of some row groups, others in the next epoch."""
        size = min(len(self._sections), _GROUPS_PER_REFRESH)
        chosen, n_found = [], 0
        for index in self._order(epoch * size):
            chosen.append(self._sections[index])
            n_found += self._sections[index].n_windows(self._window)
            if len(chosen) >= size and n_found >= self.n_inputs:
                break
        return self._read(chosen, self._pick(chosen, n_found, epoch))

    def _order(self, position: int) -> Int64[np.ndarray, "sections"]:
        """Return every section once, from `position` on in an endless row of shuffled laps."""
        n_sections = len(self._sections)
        lap, offset = divmod(position, n_sections)
        now, then = (
            np.random.default_rng([self._seed, number]).permutation(n_sections)
            for number in (lap, lap + 1)
        )
        rest = now[offset:]
        return np.concatenate([rest, then[~np.isin(then, rest)]])

    def _pick(
        self, chosen: list[Section], n_found: int, epoch: int
    ) -> list[Int64[np.ndarray, "picked"] | None]:
        """Pick inputs of each section, by number, uniformly over all chosen sections."""
        generator = np.random.default_rng([self._seed, epoch, 1])
        picked = np.sort(generator.choice(n_found, self.n_inputs, replace=False, shuffle=False))
        starts = np.cumsum([0] + [section.n_windows(self._window) for section in chosen])
        cuts = np.searchsorted(picked, starts)
        return [picked[cuts[i] : cuts[i + 1]] - starts[i] for i in range(len(chosen))]

    def _read(
        self, sections: Sequence[Section], picks: Sequence[Int64[np.ndarray, "picked"] | None]
    ) -> Matrix:
        parts = [self._read_section(*pair) for pair in zip(sections, picks, strict=True)]
        return np.concatenate(parts)

    def _read_section(self, section: Section, picked: Int64[np.ndarray, "picked"] | None) -> Matrix:
        """Read inputs of a section; `picked`, sorted, counts from its start, None means all."""
        n_windows = section.n_windows(self._window)
        wanted = np.arange(n_windows) if picked is None else picked
        parts, start = [], 0
        for matrix in self._windows(section):
            low, high = np.searchsorted(wanted, [start, start + len(matrix)])
            parts.append(matrix[wanted[low:high] - start])
            start += len(matrix)
        return np.concatenate(parts)

    def _windows(self, section: Section) -> Iterator[Matrix]:
        """Yield all inputs of a section, some at a time; the last may have been filled up."""
        width = max(len(self._lanes), self._inputs.n_inputs)
        at_once = self._window * max(1, rows_per_block(width) // self._window)
        for records in rebatch(self._records(section, at_once), at_once):
            block = read_block(records, self._lanes, self._inputs.categories)
            matrix = self._inputs.to_matrix(block, self._inputs.bags(records))
            yield rows_to_windows(matrix, self._window)

    def _records(self, section: Section, n_rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a section."""
        position, group = 0, section.group
        columns = [*self._features, *self._inputs.texts]
        for records in read_records(group.fragment, n_rows, columns, [group.index]):
            low = max(section.start - position, 0)
            high = min(section.stop - position, records.num_rows)
            if low < high:
                yield records.slice(low, high - low)
            position += records.num_rows
