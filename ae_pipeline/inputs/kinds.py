"""The kind of each learnable column: a number, categories, or kept after all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types

from ae_pipeline.columns import ColumnStatistics, TableSchema
from ae_pipeline.inputs.category import Category
from ae_pipeline.inputs.counts import ValueCounts
from ae_pipeline.inputs.roles import is_measured

#: Values of one column that a network tells apart.
_MOST_CATEGORIES = 255
#: Integers with at most this many values are categories: flags, classes, small codes.
_FEW = 8
#: A dictionary of 8-bit indices has 128 places; half of them are for values that come later.
_NARROW, _MOST_NARROW = 8, 64
#: Rows of a value that a network can learn from; rarer ones are pooled.
_LEAST_ROWS = 10
#: Share of the rows whose values have a place of their own, at least, in a column of categories.
_LEAST_COVERED = 0.95


@dataclass(frozen=True)
class Kinds:
    """The kinds of learnable columns.

    Args:
        categories: by name.
        kept: columns that are copied after all, with the reason.
    """

    categories: Mapping[str, Category]
    kept: Mapping[str, str]

    def learned(self, roles: TableSchema) -> TableSchema:
        """Return the roles without the columns that are kept."""
        features = tuple(name for name in roles.features if name not in self.kept)
        return TableSchema(roles.arrow, features, roles.stored)


def choose_kinds(
    roles: TableSchema,
    counts: Mapping[str, ValueCounts],
    statistics: Mapping[str, ColumnStatistics],
) -> Kinds:
    """Choose the kind of every learnable column by its values.

    Args:
        roles: with all learnable columns as features.
        counts: of columns that may be categories, by name.
        statistics: of columns of one number per row, by name.
    """
    categories, kept = {}, {}
    for name, kind in zip(roles.features, roles.feature_types, strict=True):
        found = counts.get(name)
        if found is not None and _are_categories(kind, found):
            categories[name] = _category(found)
        elif not is_measured(kind):
            kept[name] = _why_kept(kind, found)
        elif types.is_integer(kind) and _are_keys(statistics[name]):
            kept[name] = "every row has a number of its own"
    return Kinds(categories, kept)


def _are_categories(kind: pa.DataType, counts: ValueCounts) -> bool:
    """Whether values are few, or frequent enough, to be told apart."""
    if types.is_integer(kind):
        return counts.n_distinct is not None and 1 < counts.n_distinct <= _FEW
    if types.is_boolean(kind):
        return True
    n_present = counts.n_rows - counts.n_nulls
    if _is_crowded(kind, counts) or (counts.n_distinct == n_present > 1):
        return False
    n_covered = sum(number for _, number in _places(counts))
    return counts.counts is not None and n_covered >= _LEAST_COVERED * max(n_present, 1)


def _places(counts: ValueCounts) -> list[tuple[str | int | bool, int]]:
    """Return the values that get a place of their own; all of them in a small table."""
    least = min(_LEAST_ROWS, max(1, counts.n_rows // 1000))
    return [pair for pair in counts.frequent()[:_MOST_CATEGORIES] if pair[1] >= least]


def _category(counts: ValueCounts) -> Category:
    places = _places(counts)
    numbers = [number for _, number in places]
    if counts.n_nulls:
        numbers.append(counts.n_nulls)
    total = max(counts.n_rows, 1)
    return Category(tuple(value for value, _ in places), tuple(n / total for n in numbers))


def _are_keys(statistics: ColumnStatistics) -> bool:
    """Whether integers number the rows: as many as from the least to the largest."""
    n_values = int(statistics.count[0])
    span = statistics.maximum[0] - statistics.minimum[0] + 1
    return bool(n_values > 1 and n_values == statistics.n_rows == float(span))


def _is_crowded(kind: pa.DataType, counts: ValueCounts) -> bool:
    """Whether later values might not fit into the dictionary beside those of today."""
    is_narrow = types.is_dictionary(kind) and kind.index_type.bit_width == _NARROW
    return bool(is_narrow and (counts.n_distinct or 0) > _MOST_NARROW)


def _why_kept(kind: pa.DataType, counts: ValueCounts | None) -> str:
    if counts is None or counts.n_distinct is None:
        return "too many values for categories, or text that is too long or not UTF-8"
    if counts.n_nulls == counts.n_rows:
        return "every row is null"
    if counts.n_distinct == counts.n_rows - counts.n_nulls:
        return "every row has a value of its own"
    if _is_crowded(kind, counts):
        return f"{counts.n_distinct:,} values, close to the most that 8-bit indices tell apart"
    return f"{counts.n_distinct:,} values, of which the frequent ones cover too few rows"
