"""How well categories come back: counts of each value, as sums that merge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class ClassCounts:
    """Rows by value: of the source, of its reconstruction, and where both agree; no nulls."""

    truth: Counter[bytes] = field(default_factory=Counter)
    decoded: Counter[bytes] = field(default_factory=Counter)
    both: Counter[bytes] = field(default_factory=Counter)

    @classmethod
    def of(cls, truth: pa.Array, decoded: pa.Array) -> ClassCounts:
        """Count the values of a column and its reconstruction, both of one type."""
        theirs, ours = _text(truth), _text(decoded)
        both = theirs.filter(pc.equal(theirs, ours))
        return cls(_counted(theirs), _counted(ours), _counted(both))

    def merge(self, other: ClassCounts) -> ClassCounts:
        """Return the counts of the rows of both."""
        return ClassCounts(
            self.truth + other.truth, self.decoded + other.decoded, self.both + other.both
        )

    @property
    def accuracy(self) -> float | None:
        """Share of the rows that came back right; None without rows."""
        return self.both.total() / self.truth.total() if self.truth else None

    @property
    def macro_f1(self) -> float | None:
        """Mean over the source's values of the harmonic mean of precision and recall."""
        scores = [2 * self.both[v] / (n + self.decoded[v]) for v, n in self.truth.items()]
        return sum(scores) / len(scores) if scores else None


def _text(column: pa.Array) -> pa.Array:
    """Return values as bytes: text may not be UTF-8."""
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return plain.cast(pa.large_string()).cast(pa.large_binary())


def _counted(column: pa.Array) -> Counter[bytes]:
    found = pc.value_counts(column.drop_null())
    return Counter(dict(zip(*(found.field(part).to_pylist() for part in range(2)), strict=True)))
