"""The known sub-columns that tell most of another one, found by looking at few rows of all."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int64

from ae_pipeline.table_fit.contexts.bits import x_log_x

_ROWS = 1000
_LEVELS = 8

Sketch = Float32[np.ndarray, "_ _"]


class Sketches:
    """Sub-columns as eight levels in a thousand rows."""

    def __init__(self, n_rows: int) -> None:
        self._rows = np.unique(np.linspace(0, max(n_rows - 1, 0), _ROWS).astype(np.int64))
        self._names: list[str] = []
        self._sketches = np.zeros((0, len(self._rows)), np.float32)

    def add(self, name: str, values: Int64[np.ndarray, "_"]) -> None:
        """Sketch a known sub-column."""
        used = _LEVELS * len(self._names)
        if used == len(self._sketches):
            grown = np.zeros((2 * used + _LEVELS * 16, len(self._rows)), np.float32)
            grown[:used] = self._sketches
            self._sketches = grown
        self._sketches[used : used + _LEVELS] = self._sketch(values)
        self._names.append(name)

    def nearest(self, values: Int64[np.ndarray, "_"], names: list[str], most: int) -> list[str]:
        """Return at most so many of the names, in their order: those that tell most of the values.

        Args:
            values: of all rows.
            names: of sub-columns that were added.
            most: names to return.
        """
        if len(names) <= most:
            return names
        used = _LEVELS * len(self._names)
        pairs = self._sketches[:used] @ self._sketch(values).T
        counts = pairs.reshape(-1, _LEVELS, _LEVELS)
        told = x_log_x(counts).sum(axis=(1, 2)) - x_log_x(counts.sum(axis=2)).sum(axis=1)
        merits = dict(zip(self._names, told.tolist(), strict=True))
        kept = set(sorted(names, key=lambda name: -merits[name])[:most])
        return [name for name in names if name in kept]

    def _sketch(self, values: Int64[np.ndarray, "_"]) -> Sketch:
        some = values[self._rows]
        cuts = np.quantile(some, np.arange(1, _LEVELS) / _LEVELS, method="lower")
        levels = np.searchsorted(cuts, some)
        return (levels == np.arange(_LEVELS)[:, None]).astype(np.float32)
