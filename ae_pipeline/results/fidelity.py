"""The promise each column is given, and how much of the column it preserves."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.columns import Fidelity


@dataclass(frozen=True)
class ColumnFidelity:
    """One feature column of an archive.

    Args:
        name: column name.
        promise: in words, in source units.
        found: measured on a sample at fit time, or on the values compared; None if unknown.
    """

    name: str
    promise: str
    found: Fidelity | None

    @property
    def is_flattened(self) -> bool:
        """Whether the promise is too coarse for the column."""
        return self.found is not None and self.found.verdict == "flattened"

    @property
    def keeps_meaning(self) -> bool:
        """Whether the column still means what it meant."""
        return self.found is not None and self.found.verdict in ("exact", "kept")

    def __str__(self) -> str:
        """Name and numbers, for messages: `fare (within 4,290, R2 0.00, 1,871 -> 2 values)`."""
        if self.found is None:
            return f"{self.name} ({self.promise})"
        found = self.found
        parts = [self.promise]
        if found.worst_r2 is not None:
            # Cut, not rounded: 0.899 is not 0.9.
            parts.append(f"R2 {int(100 * max(found.worst_r2, 0.0)) / 100:.2f}")
        if found.iqr is not None:
            parts.append(f"IQR {found.iqr:,.4g}")
        if found.n_before and found.n_after:
            parts.append(f"{found.n_before:,} -> {found.n_after:,} values")
        return f"{self.name} ({', '.join(parts)})"
