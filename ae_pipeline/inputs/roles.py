"""Columns that may be learned: all whose type a network can take in and give back."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
from pyarrow import types

from ae_pipeline.columns import (
    MAX_FEATURES,
    TableSchema,
    declared_keys,
    has_lanes,
    lane_names,
    pinned_columns,
    resolve_roles,
)
from ae_pipeline.config.columns import ColumnsConfig

#: Significant digits of decimals that float64 holds.
_MOST_DIGITS = 15


def learnable_roles(
    arrow: pa.Schema, columns: ColumnsConfig, where: str, like: Collection[str] | None = None
) -> TableSchema:
    """Give every column that may be learned the role of a feature, as the settings ask.

    With `columns.learn` floats, these are the scalar features of `resolve_roles`. With all, they
    are the others, too, unless they are kept or declared as key or index; the values of some of
    them decide later.

    Args:
        arrow: schema of the source.
        columns: settings.
        where: path for messages.
        like: features of a codec; columns whose values decide are features if they are there. None
            takes all that may be.

    Raises:
        AePipelineError: as `resolve_roles`.
    """
    roles = resolve_roles(arrow, columns, where)
    if columns.learn == "floats":
        scalars = tuple(name for name in roles.features if name not in roles.vectors)
        return TableSchema(arrow, scalars)
    spared = pinned_columns(arrow, columns) | declared_keys(arrow)
    chosen = set(roles.features)
    n_left = MAX_FEATURES - len(roles.lanes)
    for field in arrow:
        lanes = lane_names(field.name, field.type)
        is_open = is_learnable(field.type) and (like is None or field.name in like)
        if field.name in chosen | spared or not is_open or len(lanes) > n_left:
            continue
        if has_lanes(field.type) and not set(lanes).isdisjoint(arrow.names):
            continue
        chosen.add(field.name)
        n_left -= len(lanes)
    return TableSchema(arrow, tuple(name for name in arrow.names if name in chosen))


def is_learnable(kind: pa.DataType) -> bool:
    """Whether a column of this type may be learned: as numbers, or as categories."""
    return is_measured(kind) or is_counted(kind)


def is_measured(kind: pa.DataType) -> bool:
    """Whether the values are numbers: floats, integers, decimals, points in time, vectors."""
    is_number = types.is_floating(kind) or types.is_integer(kind) or has_lanes(kind)
    return bool(is_number or is_moment(kind) or _is_short_decimal(kind))


def is_counted(kind: pa.DataType) -> bool:
    """Whether the values may be categories: strings, booleans, integers.

    Ordered dictionaries may not: their order would be lost.
    """
    if types.is_dictionary(kind):
        return is_text(kind.value_type) and not kind.ordered
    return bool(is_text(kind) or types.is_boolean(kind) or types.is_integer(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether the values are strings, in any of Arrow's layouts but views."""
    return bool(types.is_string(kind) or types.is_large_string(kind))


def is_moment(kind: pa.DataType) -> bool:
    """Whether the values are points in time."""
    return bool(types.is_timestamp(kind) or types.is_date(kind) or types.is_time(kind))


def _is_short_decimal(kind: pa.DataType) -> bool:
    return bool(types.is_decimal(kind) and kind.precision <= _MOST_DIGITS)
