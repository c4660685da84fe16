"""Say what holds for all rows of a row group, by bounds, as expressions that Arrow reasons with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from ae_pipeline.formats import Statistics

#: The bounds of floats that hold where a condition meets NaN: none where it is negated, and the
#: lower one alone where NaN is larger than all numbers.
Floats: TypeAlias = Literal["both", "low", "none"]
#: A condition that holds for any row.
ANY = pc.scalar(True)


def of_bounds(statistics: Statistics, schema: pa.Schema, floats: Floats) -> pc.Expression:
    """Return what the bounds of coded columns say.

    Args:
        statistics: bounds of a row group by column.
        schema: of the dataset.
        floats: what bounds of floats may say.
    """
    return all_of(
        _between(schema.field(name), bounds.minimum, bounds.maximum, bounds.n_nulls > 0, floats)
        for name, bounds in statistics.items()
        if name in schema.names
    )


def of_parquet(group: pq.RowGroupMetaData, schema: pa.Schema, floats: Floats) -> pc.Expression:
    """Return what Parquet's own statistics say of the flat columns of a row group.

    Args:
        group: metadata of a row group.
        schema: of the dataset.
        floats: what bounds of floats may say.
    """
    columns = (group.column(number) for number in range(group.num_columns))
    return all_of(
        _stated(schema.field(column.path_in_schema), column, floats)
        for column in columns
        if column.path_in_schema in schema.names
    )


def all_of(conditions: Iterator[pc.Expression]) -> pc.Expression:
    """Join conditions; `ANY` if there is none."""
    return reduce(and_, conditions, ANY)


def _stated(field: pa.Field, column: pq.ColumnChunkMetaData, floats: Floats) -> pc.Expression:
    statistics = column.statistics
    is_flat = not (types.is_nested(field.type) or types.is_decimal(field.type))
    if statistics is None or not is_flat:
        return ANY
    has_nulls = not statistics.has_null_count or statistics.null_count > 0
    if statistics.has_null_count and statistics.null_count == column.num_values:
        return _between(field, None, None, has_nulls, floats)
    if not statistics.has_min_max:
        return ANY
    try:
        low, high = statistics.min, statistics.max
    except (pa.ArrowException, ValueError, OverflowError):  # of types that Arrow cannot tell
        return ANY
    return _between(field, low, high, has_nulls, floats)


def _between(
    field: pa.Field, low: object, high: object, has_nulls: bool, floats: Floats
) -> pc.Expression:
    """Return that values lie between bounds; that all are null where there are none."""
    column = pc.field(field.name)
    if low is None or high is None:
        return column.is_null()
    is_float = types.is_floating(field.type)
    if is_float and floats == "none":
        return ANY
    try:
        ends = _of_type(low, field.type), _of_type(high, field.type)
    except (pa.ArrowException, UnicodeDecodeError, TypeError, ValueError, OverflowError):
        return ANY
    # Arrow draws conclusions from inequalities that stand alone or beside `is null`, and from
    # equality with a float a wrong one: where all numbers are 5, NaN still differs from 5.
    above, below = column >= ends[0], column <= ends[1]
    if has_nulls:
        above, below = above | column.is_null(), below | column.is_null()
    return above if is_float and floats == "low" else above & below


def _of_type(value: object, kind: pa.DataType) -> pa.Scalar:
    """Return a bound as a scalar of a column's type; text of a dictionary as text."""
    if types.is_dictionary(kind):
        kind = kind.value_type
    if isinstance(value, bytes) and not (types.is_binary(kind) or types.is_large_binary(kind)):
        return pa.scalar(value.decode("utf-8"), kind)
    if isinstance(value, int) and types.is_temporal(kind):
        return pa.scalar(value, pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)
    return pa.scalar(value, kind)
