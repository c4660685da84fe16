"""The first look at a source: one schema for all fragments, and statistics in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks import records_to_block, rows_per_block
from ae_pipeline.errors import EmptySourceError, SchemaMismatchError
from ae_pipeline.results import Progress, ProgressEvent
from ae_pipeline.schema import check_unique_names, schema_differences
from ae_pipeline.source import Fragment, RowGroup, Source, open_fragment, read_records
from ae_pipeline.statistics import ColumnStatistics, measure


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
            raise SchemaMismatchError(
                "columns differ between fragments",
                where=fragment.relative,
                expected=f"those of {first.relative}",
                got="; ".join(differences),
                remedy="give fragments of another schema a source of their own",
            )
    return expected


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
) -> ColumnStatistics:
    """Statistics of the feature columns over all rows, or over row groups spread evenly.

    Raises:
        EmptySourceError: there is not a single row.
    """
    if not groups:
        raise EmptySourceError("no rows", where=where, expected="at least one row")
    chosen = _spread(groups, max_rows)
    generator = np.random.default_rng(seed)
    statistics = ColumnStatistics.empty(len(features))
    for done, group in enumerate(chosen):
        progress(ProgressEvent("measure", done, len(chosen), group.fragment.relative))
        n_rows = rows_per_block(len(features))
        for records in read_records(group.fragment, n_rows, features, [group.index]):
            block = records_to_block(records, features)
            statistics = statistics.merge(measure(block.values, generator))
    progress(ProgressEvent("measure", len(chosen), len(chosen)))
    return statistics


def _spread(groups: Sequence[RowGroup], max_rows: int | None) -> list[RowGroup]:
    """Every k-th row group, so that about `max_rows` rows are read and none is preferred."""
    n_rows = sum(group.n_rows for group in groups)
    if max_rows is None or n_rows <= max_rows:
        return list(groups)
    n_groups = max(1, len(groups) * max_rows // n_rows)
    return [groups[round(i * (len(groups) - 1) / max(n_groups - 1, 1))] for i in range(n_groups)]
