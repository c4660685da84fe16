"""Runs of row groups of one fragment, and the work of measuring one.

A run has random numbers of its own, from the seed and its place among all runs, so that a sample of
rows does not depend on who measures which run, or when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks.block import records_to_block, rows_per_block
from ae_pipeline.columns import ColumnStatistics, TableSchema, measure
from ae_pipeline.dataset import Fragment, RowGroup, read_records
from ae_pipeline.errors import AePipelineError
from ae_pipeline.inputs import ColumnCounts
from ae_pipeline.out_of_memory import memory_errors
from ae_pipeline.work import holding

#: Rows from which a run is full: progress is told, and work is shared, by runs.
_FULL_ROWS = 1 << 20
#: Measuring a file takes a small part of the time of encoding it.
_TIMES_FASTER = 32


@dataclass(frozen=True)
class Run:
    """Some row groups of one fragment, one after the other.

    Args:
        fragment: that has them.
        groups: numbers of the row groups.
        n_rows: of all of them.
        place: among all runs of the source.
        n_runs: of the fragment.
    """

    fragment: Fragment
    groups: tuple[int, ...]
    n_rows: int
    place: int
    n_runs: int

    @property
    def relative(self) -> str:
        """Name of the fragment, with the first row group if other runs have it, too."""
        suffix = f" (from row group {self.groups[0]})" if self.n_runs > 1 else ""
        return self.fragment.relative + suffix

    @property
    def size_bytes(self) -> int:
        """Bytes that take as long to encode."""
        return self.fragment.size_bytes // (self.n_runs * _TIMES_FASTER)


@dataclass(frozen=True)
class MeasuredRun:
    """The statistics of a run, or the error that ended it.

    Args:
        statistics: of its lanes; None after an error.
        error: of its data, of I/O or of memory; None if there was none.
        counts: of the columns whose values are counted; None after an error.
    """

    statistics: ColumnStatistics | None
    error: AePipelineError | pa.ArrowException | OSError | None = None
    counts: ColumnCounts | None = None


@dataclass(frozen=True)
class MeasureWork:
    """Measures runs of one source.

    Args:
        paths: folders of the source.
        schema: whose lanes are measured.
        seed: of all random numbers.
        threshold: of priorities, as `priority_threshold` returns it.
        counted: columns whose values are counted.
    """

    paths: tuple[str, ...]
    schema: TableSchema
    seed: int
    threshold: float
    counted: tuple[str, ...] = ()

    @property
    def makes(self) -> type[MeasuredRun]:
        """Statistics or errors."""
        return MeasuredRun

    def open(self) -> Callable[[Run], MeasuredRun]:
        """Return the work."""
        return self._tried

    def _tried(self, run: Run) -> MeasuredRun:
        """Measure a run; whoever gets an error decides whether the fit can do without the run."""
        try:
            with memory_errors(run.relative), holding([run.fragment]):
                return self._measured(run)
        except (AePipelineError, pa.ArrowException, OSError) as error:
            return MeasuredRun(None, error.with_traceback(None))

    def _measured(self, run: Run) -> MeasuredRun:
        lanes, generator = self.schema.lanes, np.random.default_rng((self.seed, run.place))
        statistics = ColumnStatistics.empty(len(lanes))
        counts = ColumnCounts.empty(len(self.counted))
        names = list(dict.fromkeys((*self.schema.features, *self.counted)))
        n_rows = rows_per_block(len(lanes))
        for group in run.groups:
            for records in read_records(run.fragment, n_rows, names, [group]):
                block = records_to_block(records, lanes)
                statistics = statistics.merge(measure(block.values, generator, self.threshold))
                counts = counts.merge(ColumnCounts.of(records, self.counted))
        return MeasuredRun(statistics, counts=counts)


def runs_of(groups: Sequence[RowGroup]) -> list[Run]:
    """Cut row groups, in order, into runs of one fragment each; large fragments have several."""
    runs: list[Run] = []
    for fragment, own in groupby(groups, lambda group: group.fragment):
        parts = list(_parts(list(own)))
        for part in parts:
            numbers, n_rows = tuple(one.index for one in part), sum(one.n_rows for one in part)
            runs.append(Run(fragment, numbers, n_rows, len(runs), len(parts)))
    return runs


def _parts(groups: Sequence[RowGroup]) -> Iterator[list[RowGroup]]:
    part: list[RowGroup] = []
    n_rows = 0
    for group in groups:
        part.append(group)
        n_rows += group.n_rows
        if n_rows >= _FULL_ROWS:
            yield part
            part, n_rows = [], 0
    if part:
        yield part
