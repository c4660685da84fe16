"""Partition keys as columns: the folder `month=2019-06` gives each of its rows that month.

Types are those that DuckDB infers of hive partitions: integers and dates where their texts are the
one way to write them, else text. `month=05` is text, since 5 is written otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from ae_pipeline.dataset import Fragment, Key, partition_keys

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LARGEST = 1 << 63


@dataclass(frozen=True)
class KeyColumn:
    """A partition key as a column.

    Args:
        field: name and type.
        values: one for each fragment, null where it has none.
    """

    field: pa.Field
    values: pa.Array

    @cached_property
    def scalars(self) -> list[pa.Scalar]:
        """The values, one by one."""
        return list(self.values)

    def repeated(self, fragment: int, n_rows: int) -> pa.Array:
        """Return the value of a fragment for each of its rows."""
        return pa.repeat(self.scalars[fragment], n_rows)

    def guarantee(self, fragment: int) -> pc.Expression:
        """Return what holds for all rows of a fragment."""
        value = self.scalars[fragment]
        field = pc.field(self.field.name)
        return field == value if value.is_valid else field.is_null()


def key_columns(fragments: Sequence[Fragment]) -> tuple[KeyColumn, ...]:
    """Return the partition keys of fragments, in the order of their folders."""
    _, *keys = partition_keys(fragments).values()  # the first one is their paths
    return tuple(map(_column, keys))


def _column(key: Key) -> KeyColumn:
    values = _typed(key)
    return KeyColumn(pa.field(key.name, values.type), values)


def _typed(key: Key) -> pa.Array:
    known = [text for text in key.texts if text is not None]
    if key.kind == "number" and all("." not in text for text in known):
        numbers = [None if text is None else int(text) for text in key.texts]
        if all(number is None or -_LARGEST <= number < _LARGEST for number in numbers):
            return pa.array(numbers, pa.int64())
    if known and all(_DAY.fullmatch(text) for text in known):
        try:
            days = [None if text is None else date.fromisoformat(text) for text in key.texts]
        except ValueError:  # such as February 30
            return pa.array(key.texts, pa.string())
        return pa.array(days, pa.date32())
    return pa.array(key.texts, pa.string())
