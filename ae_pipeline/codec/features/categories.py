"""Categories of a features codec, read from JSON with every value checked."""

from __future__ import annotations

import math
from typing import Any  # JSON that others wrote

import pyarrow as pa
from pyarrow import types

from ae_pipeline.codec.content import all_finite
from ae_pipeline.columns import TableSchema
from ae_pipeline.inputs import Category, is_counted, is_measured

#: Places of one column; a network tells far fewer apart.
_MOST_PLACES = 1 << 16
#: What rounding may add to a sum of shares.
_ROUNDING = 1e-6


def categories_from_json(
    schema: TableSchema, features: list[dict[str, Any]]
) -> dict[int, Category]:
    """Read the categories of all features that have `values`, by the number of their lane.

    Raises:
        ValueError: values are not of the column's type, repeat, or have no shares; or a column that
            holds no numbers has no values.
    """
    found = {}
    for feature, kind, span in zip(features, schema.feature_types, schema.spans, strict=True):
        if "values" in feature:
            found[span.start] = _category(feature, kind)
        elif not is_measured(kind):
            raise ValueError(f"{feature['name']} is {kind} and has no values")
    return found


def _category(feature: dict[str, Any], kind: pa.DataType) -> Category:
    values, shares = feature["values"], feature["shares"]
    if not (isinstance(values, list) and isinstance(shares, list) and is_counted(kind)):
        raise ValueError(f"{feature['name']} has no lists of categories, or cannot have any")
    if feature["center"] is not None or feature["scale"] != 0:
        raise ValueError(f"{feature['name']} has categories and numbers")
    wanted = _type_of(kind)
    if any(type(value) is not wanted for value in values) or len({*values}) < len(values):
        raise ValueError(f"values of {feature['name']} repeat, or are not of type {kind}")
    if not 0 <= len(shares) - len(values) <= 1 or len(shares) > _MOST_PLACES:
        raise ValueError(f"{len(shares)} shares of {len(values)} values")
    numbers = all_finite(shares, "shares")
    if min(numbers, default=0.0) < 0 or math.fsum(numbers) > 1 + _ROUNDING:
        raise ValueError(f"shares of {feature['name']} are not shares")
    pa.array(values, kind.value_type if types.is_dictionary(kind) else kind)  # in range
    return Category(tuple(values), numbers)


def _type_of(kind: pa.DataType) -> type:
    if types.is_boolean(kind):
        return bool
    return int if types.is_integer(kind) else str
