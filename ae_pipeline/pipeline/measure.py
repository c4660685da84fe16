"""The first look at a source: what a codec can be fitted to, one schema, statistics in one pass."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from itertools import count, groupby

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks import records_to_block, rows_per_block
from ae_pipeline.errors import (
    AePipelineError,
    CorruptFragmentError,
    EmptySourceError,
    SchemaMismatchError,
    SourceError,
    SourceNotFoundError,
)
from ae_pipeline.results import Progress, ProgressEvent
from ae_pipeline.schema import check_unique_names, schema_differences
from ae_pipeline.source import Fragment, RowGroup, Source, open_fragment, read_records
from ae_pipeline.statistics import ColumnStatistics, measure

logger = logging.getLogger(__name__)


def fittable(source: Source, like: pa.Schema | None = None) -> Source:
    """The fragments that a codec can be fitted to: readable, and of one schema.

    The others are warned of; those that are to be encoded fail by themselves later.

    Args:
        source: all fragments.
        like: columns that they must have; None for those that most have.

    Raises:
        SourceError: there is not a single one; what the first fragment complains of.
    """
    schemas: dict[Fragment, pa.Schema] = {}
    complaints: dict[Fragment, AePipelineError | OSError] = {}
    for fragment in source.fragments:
        try:
            schemas[fragment] = fragment_schema(fragment)
        except (AePipelineError, OSError) as error:
            complaints[fragment] = error
    expected = _most_common(schemas.values()) if like is None else like
    for fragment, schema in schemas.items():
        differences = schema_differences(expected, schema)
        if differences:
            complaints[fragment] = _mismatch(fragment, "those of most fragments", differences)
    told = [complaints[fragment] for fragment in source.fragments if fragment in complaints]
    if len(told) == len(source.fragments):
        raise told[0]
    for complaint in told:
        _leave_out(complaint)
    suited = tuple(fragment for fragment in source.fragments if fragment not in complaints)
    return replace(source, fragments=suited)


def common_schema(source: Source) -> pa.Schema:
    """The schema of the first fragment, once every other was found to agree with it.

    Raises:
        SchemaMismatchError: a fragment's columns differ.
        DuplicateColumnError: two columns share a name.
        CorruptFragmentError: a fragment cannot be read.
    """
    first, *others = source.fragments
    expected = fragment_schema(first)
    for fragment in others:
        differences = schema_differences(expected, fragment_schema(fragment))
        if differences:
            raise _mismatch(fragment, f"those of {first.relative}", differences)
    return expected


def first_schema(source: Source) -> pa.Schema:
    """The schema of the first fragment, with which all of a `fittable` source agree."""
    return fragment_schema(source.fragments[0])


def fragment_schema(fragment: Fragment) -> pa.Schema:
    """Arrow schema of one fragment, its column names unique."""
    with open_fragment(fragment) as file:
        schema = file.schema_arrow
    check_unique_names(schema.names, fragment.relative)
    return schema


def measure_source(
    groups: Sequence[RowGroup],
    features: Sequence[str],
    max_rows: int | None,
    seed: int,
    progress: Progress,
    where: str,
) -> tuple[ColumnStatistics, list[RowGroup]]:
    """Statistics of the feature columns over all rows, or over row groups spread evenly.

    Returns:
        The statistics, and the row groups without those of fragments that turned out damaged or
        gone; these are warned of.

    Raises:
        EmptySourceError: there is not a single row.
        SourceError: all fragments are damaged, or gone.
    """
    if not groups:
        raise EmptySourceError("no rows", where=where, expected="at least one row")
    chosen = _spread(groups, max_rows)
    generator, numbers = np.random.default_rng(seed), count()

    def measured(statistics: ColumnStatistics, group: RowGroup) -> ColumnStatistics:
        progress(ProgressEvent("measure", next(numbers), len(chosen), group.fragment.relative))
        n_rows = rows_per_block(len(features))
        for records in read_records(group.fragment, n_rows, features, [group.index]):
            block = records_to_block(records, features)
            statistics = statistics.merge(measure(block.values, generator))
        return statistics

    statistics = ColumnStatistics.empty(len(features))
    damaged: dict[Fragment, SourceError] = {}
    for fragment, own in groupby(chosen, lambda group: group.fragment):
        try:
            statistics = reduce(measured, own, statistics)
        except (CorruptFragmentError, SourceNotFoundError) as error:
            damaged[fragment] = error
    left = [group for group in groups if group.fragment not in damaged]
    if not left:
        raise next(iter(damaged.values()))
    for complaint in damaged.values():
        _leave_out(complaint)
    progress(ProgressEvent("measure", len(chosen), len(chosen)))
    return statistics, left


def _most_common(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """The first of those that most agree with, order, nullability and metadata apart."""
    by_columns: dict[tuple[tuple[str, str], ...], pa.Schema] = {}
    counts: Counter[tuple[tuple[str, str], ...]] = Counter()
    for schema in schemas:
        columns = tuple(sorted((field.name, str(field.type)) for field in schema))
        by_columns.setdefault(columns, schema)
        counts[columns] += 1
    return by_columns[counts.most_common(1)[0][0]] if counts else pa.schema([])


def _mismatch(fragment: Fragment, expected: str, differences: Sequence[str]) -> SchemaMismatchError:
    return SchemaMismatchError(
        "columns differ between fragments",
        where=fragment.relative,
        expected=expected,
        got="; ".join(differences),
        remedy="give fragments of another schema a source of their own",
    )


def _leave_out(complaint: AePipelineError | OSError) -> None:
    logger.warning("left out of the fit: %s", complaint)


def _spread(groups: Sequence[RowGroup], max_rows: int | None) -> list[RowGroup]:
    """Every k-th row group, so that about `max_rows` rows are read and none is preferred."""
    n_rows = sum(group.n_rows for group in groups)
    if max_rows is None or n_rows <= max_rows:
        return list(groups)
    n_groups = max(1, len(groups) * max_rows // n_rows)
    return [groups[round(i * (len(groups) - 1) / max(n_groups - 1, 1))] for i in range(n_groups)]
