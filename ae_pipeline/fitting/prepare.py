"""The first look at a source: fittable fragments, one schema, statistics in one pass."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from ae_pipeline.columns import (
    ColumnStatistics,
    Standardization,
    TableSchema,
    priority_threshold,
    resolve_roles,
)
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import RowGroup, Source, list_row_groups, typical_schema
from ae_pipeline.errors import EmptySourceError
from ae_pipeline.fitting.measuring import MeasureWork, Merging, runs_of
from ae_pipeline.fitting.spreading import spread_row_groups
from ae_pipeline.inputs import ColumnCounts, ValueCounts
from ae_pipeline.results.progress import Progress
from ae_pipeline.work import hand_over

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measured:
    """A source as every fit sees it.

    Args:
        where: path of the source, for messages and provenance.
        schema: schema and roles.
        statistics: statistics of the lanes of the feature columns.
        groups: row groups to learn from.
        counts: of columns whose values were counted, by name.
    """

    where: str
    schema: TableSchema
    statistics: ColumnStatistics
    groups: tuple[RowGroup, ...]
    counts: Mapping[str, ValueCounts] = field(default_factory=dict)

    def deviation(self, standardization: Standardization) -> Float64[np.ndarray, "features"]:
        """Return each column's standard deviation; its scale if that is not positive.

        That of vectors is of all their numbers together.
        """
        found = np.array([self.column(number).std[0] for number in range(len(self.schema.spans))])
        scale = np.array(
            [standardization.scale[span.start : span.stop].max() for span in self.schema.spans]
        )
        return np.where(np.isfinite(found) & (found > 0), found, scale)

    def column(self, number: int) -> ColumnStatistics:
        """Return the statistics of one feature column, of vectors those of all their numbers."""
        return self.statistics.joined(self.schema.spans[number])


def measure_for_fit(
    job: JobConfig,
    source: Source,
    progress: Progress,
    *,
    max_rows: int | None = None,
    schema: TableSchema | None = None,
    counted: tuple[str, ...] = (),
) -> Measured:
    """Resolve roles and measure the columns of a source that is `fittable`.

    Args:
        job: settings.
        source: fragments to measure.
        progress: called after every run of row groups.
        max_rows: measure about this many rows, spread evenly; None for all.
        schema: roles to use; None to resolve them.
        counted: columns whose values are counted.

    Raises:
        SourceError: the source holds no rows, or cannot be read.
        ConfigError: a setting does not suit its columns.
    """
    where = source.label
    if schema is None:
        schema = resolve_roles(typical_schema(source), job.columns, where)
    statistics, groups, counts = measure_source(
        list_row_groups(source.fragments), schema, max_rows, job, source, progress, counted
    )
    by_name = dict(zip(counted, counts.columns, strict=True))
    return Measured(where, schema, statistics, tuple(groups), by_name)


def measure_source(
    groups: Sequence[RowGroup],
    schema: TableSchema,
    max_rows: int | None,
    job: JobConfig,
    source: Source,
    progress: Progress,
    counted: tuple[str, ...] = (),
) -> tuple[ColumnStatistics, list[RowGroup], ColumnCounts]:
    """Measure the feature columns over all rows, or over evenly spread row groups.

    Whoever measures the fragments, in any order, the statistics are the same.

    Returns:
        The statistics, the row groups except those of damaged or missing fragments, which are
        logged, and the counts.

    Raises:
        EmptySourceError: the source has no rows.
        SourceError: all fragments are damaged or missing.
    """
    if not groups:
        raise EmptySourceError("no rows", where=source.label, expected="at least one row")
    runs = runs_of(spread_row_groups(groups, max_rows))
    n_rows, n_lanes = sum(run.n_rows for run in runs), len(schema.lanes)
    threshold = priority_threshold(n_rows, n_lanes)
    work = MeasureWork(source.folders, schema, job.training.seed, threshold, counted)
    merging = Merging(n_lanes, len(counted))
    hand_over(work, runs, merging.take, execution=job.execution, stage="measure", progress=progress)
    left = [group for group in groups if group.fragment.relative not in merging.damaged]
    if not left:
        raise next(iter(merging.damaged.values()))
    for complaint in merging.damaged.values():
        logger.warning("left out of the fit: %s", complaint)
    return merging.statistics, left, merging.counts
