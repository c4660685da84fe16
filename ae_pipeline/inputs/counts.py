"""Counts of the values of columns, in one pass, mergeable, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ae_pipeline.inputs.category import Value, decoded

#: Distinct values that are counted, and their characters; a column with more has too many for
#: categories.
_MOST_VALUES, _MOST_CHARACTERS = 1 << 14, 1 << 22


@dataclass(frozen=True)
class ValueCounts:
    """How often each value of a column occurs.

    Args:
        n_rows: rows seen.
        n_nulls: of them.
        counts: rows by value; None once there were too many values, or one that is not UTF-8.
    """

    n_rows: int = 0
    n_nulls: int = 0
    counts: Counter[Value] | None = None

    @classmethod
    def none(cls) -> ValueCounts:
        """Return the counts of no rows."""
        return cls(0, 0, Counter())

    @classmethod
    def of(cls, column: pa.Array) -> ValueCounts:
        """Count the values of a column of strings, integers or booleans, or a dictionary."""
        plain = decoded(column)
        found = pc.value_counts(plain.drop_null())
        counts = None
        if len(found) <= _MOST_VALUES:
            with suppress(UnicodeDecodeError):
                values, numbers = (found.field(part).to_pylist() for part in range(2))
                counts = _bounded(Counter(dict(zip(values, numbers, strict=True))))
        return cls(len(plain), plain.null_count, counts)

    @property
    def n_distinct(self) -> int | None:
        """Distinct values; None if there are too many to count."""
        return None if self.counts is None else len(self.counts)

    def merge(self, other: ValueCounts) -> ValueCounts:
        """Return the counts of the rows of both."""
        counts = None
        if self.counts is not None and other.counts is not None:
            counts = _bounded(self.counts + other.counts)
        return ValueCounts(self.n_rows + other.n_rows, self.n_nulls + other.n_nulls, counts)

    def frequent(self) -> list[tuple[Value, int]]:
        """Return values and their counts, the most frequent first, equal ones in a fixed order."""
        pairs = (self.counts or Counter()).items()
        return sorted(pairs, key=lambda pair: (-pair[1], str(pair[0])))


def _bounded(counts: Counter[Value]) -> Counter[Value] | None:
    """Return counts that are few and short enough to be kept, or None."""
    n_characters = sum(len(value) for value in counts if isinstance(value, str))
    is_bounded = len(counts) <= _MOST_VALUES and n_characters <= _MOST_CHARACTERS
    return counts if is_bounded else None


@dataclass(frozen=True)
class ColumnCounts:
    """Counts of some columns, in their order."""

    columns: tuple[ValueCounts, ...]

    @classmethod
    def empty(cls, n_columns: int) -> ColumnCounts:
        """Return the counts of no rows."""
        return cls((ValueCounts.none(),) * n_columns)

    @classmethod
    def of(cls, records: pa.RecordBatch, names: Sequence[str]) -> ColumnCounts:
        """Count the values of these columns."""
        return cls(tuple(ValueCounts.of(records.column(name)) for name in names))

    def merge(self, other: ColumnCounts) -> ColumnCounts:
        """Return the counts of the rows of both."""
        pairs = zip(self.columns, other.columns, strict=True)
        return ColumnCounts(tuple(one.merge(two) for one, two in pairs))
