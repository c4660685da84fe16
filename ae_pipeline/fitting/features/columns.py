"""The columns of a features codec: measured, and each given its kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from ae_pipeline.columns import ColumnStatistics, Standardization, TableSchema, has_lanes
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source, typical_schema
from ae_pipeline.fitting.features.texts import find_texts
from ae_pipeline.fitting.prepare import Measured, measure_for_fit
from ae_pipeline.inputs import (
    Category,
    Cycle,
    Kinds,
    RowInputs,
    Text,
    choose_cycles,
    choose_kinds,
    is_counted,
    is_measured,
    is_moment,
    is_text,
    learnable_roles,
)
from ae_pipeline.results.progress import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LearnedColumns:
    """Columns that a codec learns.

    Args:
        measured: statistics of all their lanes; a lane of categories has no values.
        categories: by the number of their lane.
        cycles: of points in time, by the number of their lane.
        texts: kept columns whose terms are learned, by name.
    """

    measured: Measured
    categories: Mapping[int, Category]
    cycles: Mapping[int, tuple[Cycle, ...]]
    texts: Mapping[str, Text]

    def inputs(self, standardization: Standardization) -> RowInputs:
        """Return what a network sees of the columns."""
        schema = self.measured.schema
        pairs = zip(schema.feature_types, schema.spans, strict=True)
        vectors = tuple(span for kind, span in pairs if has_lanes(kind))
        seen = {lane for lane, scale in enumerate(standardization.scale) if scale}
        cycles = {lane: own for lane, own in self.cycles.items() if lane in seen}
        return RowInputs(standardization, self.categories, cycles, vectors, self.texts)


def learned_columns(job: JobConfig, source: Source, progress: Progress) -> LearnedColumns:
    """Measure a source and choose the kinds of its columns; log what is kept, and why.

    Raises:
        SourceError: the source cannot be used.
        ConfigError: a setting does not suit the source.
    """
    roles = learnable_roles(typical_schema(source), job.columns, source.label)
    numbers = _only(roles, is_measured)
    counted = _only(roles, is_counted).features if job.columns.learn == "all" else ()
    measured = measure_for_fit(
        job,
        source,
        progress,
        max_rows=job.statistics.max_rows,
        schema=numbers,
        counted=counted,
    )
    kinds = choose_kinds(roles, measured.counts, _by_name(measured))
    strings = _only(roles, _holds_strings).features
    texts = find_texts([name for name in strings if name in kinds.kept], measured.groups)
    for name, reason in kinds.kept.items():
        if name not in texts:
            logger.info("column %s is kept: %s", name, reason)
    return _learned(measured, kinds.learned(roles), kinds, texts)


def _holds_strings(kind: pa.DataType) -> bool:
    return is_text(kind.value_type if pa.types.is_dictionary(kind) else kind)


def _learned(
    measured: Measured, schema: TableSchema, kinds: Kinds, texts: Mapping[str, Text]
) -> LearnedColumns:
    lanes = {name: number for number, name in enumerate(measured.schema.lanes)}
    for name in kinds.categories:
        lanes.pop(name, None)
    statistics = measured.statistics.placed([lanes.get(name) for name in schema.lanes])
    pairs = zip(schema.features, schema.spans, strict=True)
    categories = {
        span.start: kinds.categories[name] for name, span in pairs if name in kinds.categories
    }
    kept = replace(measured, schema=schema, statistics=statistics)
    return LearnedColumns(kept, categories, _cycles(kept), texts)


def _cycles(measured: Measured) -> dict[int, tuple[Cycle, ...]]:
    """Return the cycles of each column that has any, by the number of its lane."""
    schema = measured.schema
    triples = enumerate(zip(schema.feature_types, schema.spans, strict=True))
    found = {
        span.start: choose_cycles(kind, measured.column(number))
        for number, (kind, span) in triples
        if is_moment(kind)
    }
    return {lane: cycles for lane, cycles in found.items() if cycles}


def _only(roles: TableSchema, is_wanted: Callable[[pa.DataType], bool]) -> TableSchema:
    pairs = zip(roles.features, roles.feature_types, strict=True)
    return TableSchema(roles.arrow, tuple(name for name, kind in pairs if is_wanted(kind)))


def _by_name(measured: Measured) -> dict[str, ColumnStatistics]:
    """Return the statistics of each feature that is a number."""
    schema = measured.schema
    pairs = enumerate(zip(schema.features, schema.feature_types, strict=True))
    return {name: measured.column(number) for number, (name, kind) in pairs if not has_lanes(kind)}
