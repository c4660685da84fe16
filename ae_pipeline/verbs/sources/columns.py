"""Measures of a source's columns: bytes from footers, the rest from a sample of rows."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from ae_pipeline.columns import TableSchema
from ae_pipeline.dataset import RowGroup, Source, opened_end, read_records
from ae_pipeline.errors import AePipelineError
from ae_pipeline.fitting import spread_row_groups
from ae_pipeline.inputs import tell_kinds
from ae_pipeline.parquet import column_sizes, leaf_sizes
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.inspection import InspectedColumn, SourceMeasures

logger = logging.getLogger(__name__)

#: Values to read over all columns; at least one row group is read.
_MOST_VALUES = 1 << 21
_BATCH_ROWS = 1 << 16
_LONGEST = 12


def measured_columns(
    source: Source,
    groups: Sequence[RowGroup],
    schema: TableSchema,
    fidelity: Sequence[ColumnFidelity],
) -> tuple[InspectedColumn, ...]:
    """Describe each column of a source and what `encode` would do with it by default.

    Args:
        source: whose fragments are readable.
        groups: its row groups.
        schema: with the roles of columns.
        fidelity: of its feature columns, where it is known.
    """
    sizes = column_bytes(source, schema.arrow.names)
    rows = _sampled(groups, schema.arrow)
    promises = {one.name: one for one in fidelity}
    kinds = {} if rows is None else tell_kinds(rows, source.label)
    return tuple(
        InspectedColumn(
            field.name,
            str(field.type),
            "feature" if field.name in schema.features else "kept",
            source=replace(
                _measures(field.name, rows, sizes[field.name], promises.get(field.name)),
                latents=kinds.get(field.name, ""),
            ),
        )
        for field in schema.arrow
    )


def column_bytes(source: Source, names: Sequence[str]) -> Counter[str]:
    """Return the bytes of the column chunks of each column over all files."""
    sizes: Counter[str] = Counter()
    for fragment in source.fragments:
        with opened_end(fragment) as content:
            sizes += column_sizes(leaf_sizes(content), list(names))
    return sizes


def _sampled(groups: Sequence[RowGroup], arrow: pa.Schema) -> pa.Table | None:
    """Read evenly spread row groups; None if that cannot be done."""
    most_rows = max(1, _MOST_VALUES // max(len(arrow), 1))
    try:
        batches = [
            batch.select(arrow.names).cast(arrow)
            for group in spread_row_groups(groups, most_rows)
            for batch in read_records(group.fragment, _BATCH_ROWS, arrow.names, [group.index])
        ]
        return pa.Table.from_batches(batches, arrow)
    except (AePipelineError, OSError, pa.ArrowException, KeyError) as error:
        logger.warning("columns are not measured: %s", error)
        return None


def _measures(
    name: str, rows: pa.Table | None, size_bytes: int, promise: ColumnFidelity | None
) -> SourceMeasures:
    encoding = "exact" if promise is None else promise.promise
    if rows is None or not len(rows):
        return SourceMeasures(size_bytes, 0, encoding)
    column = rows[name]
    low, high = _range(column)
    return SourceMeasures(
        size_bytes,
        len(rows),
        encoding,
        null_share=column.null_count / len(rows),
        n_distinct=_n_distinct(column),
        low=low,
        high=high,
    )


def _n_distinct(column: pa.ChunkedArray) -> int | None:
    """Return the number of distinct values, nulls left out; None where Arrow cannot count."""
    try:
        return int(pc.count_distinct(column).as_py())
    except pa.ArrowException:
        return None


def _range(column: pa.ChunkedArray) -> tuple[str, str]:
    """Return the least and the greatest value in words; empty where values have no order."""
    try:
        found = pc.min_max(column).as_py()
    except (pa.ArrowException, ValueError, OverflowError):  # a time that Python has none for
        return "", ""
    return _words(found["min"]), _words(found["max"])


def _words(value: object) -> str:
    if value is None or isinstance(value, bytes):
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    is_long = isinstance(value, str) and len(text) > _LONGEST
    return f"{text[: _LONGEST - 1]}…" if is_long else text
