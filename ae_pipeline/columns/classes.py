"""How well categories come back: counts of each value, as sums that merge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class ClassCounts:
    """Rows by value, of one column of categories; rows that are null are left out.

    Args:
        truth: rows of the source with each value.
        decoded: rows of the reconstruction with each value.
        both: rows that have the value in both.
    """

    truth: Counter[str] = field(default_factory=Counter)
    decoded: Counter[str] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, truth: pa.Array, decoded: pa.Array) -> ClassCounts:
        """Count the values of a column and its reconstruction, both of one type."""
        theirs, ours = (one.cast(pa.string()) for one in (truth, decoded))
        is_both = pc.fill_null(pc.equal(theirs, ours), fill_value=False)
        return cls(_counted(theirs), _counted(ours), _counted(theirs.filter(is_both)))

    def merge(self, other: ClassCounts) -> ClassCounts:
        """Return the counts of the rows of both."""
        return ClassCounts(
            self.truth + other.truth, self.decoded + other.decoded, self.both + other.both
        )

    @property
    def accuracy(self) -> float | None:
        """Share of the rows that came back right; None without rows."""
        n_rows = self.truth.total()
        return self.both.total() / n_rows if n_rows else None

    @property
    def macro_f1(self) -> float | None:
        """Mean over the source's values of the harmonic mean of precision and recall."""
        if not self.truth:
            return None
        scores = [
            2 * self.both[value] / (number + self.decoded[value])
            for value, number in self.truth.items()
        ]
        return sum(scores) / len(scores)


def _counted(column: pa.Array) -> Counter[str]:
    found = pc.value_counts(column.drop_null())
    values, numbers = (found.field(part).to_pylist() for part in range(2))
    return Counter(dict(zip(values, numbers, strict=True)))
