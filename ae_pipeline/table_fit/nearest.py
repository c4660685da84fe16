"""The known sub-columns that tell most of another one, found by looking at few rows of all."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int64

from ae_pipeline.table_fit.contexts.bits import x_log_x

_ROWS = 1000
_LEVELS = 8
#: From so many names on, one in eight rows lists those that all rows choose from: four for one.
_MANY, _COARSE, _LISTED = 512, 8, 4

Sketch = Float32[np.ndarray, "_ _ _"]


class Sketches:
    """Sub-columns as eight levels in a thousand rows.

    Where there are very many, half of the levels in an eighth of the rows list those that are
    worth a closer look.
    """

    def __init__(self, n_rows: int) -> None:
        self._rows = np.unique(np.linspace(0, max(n_rows - 1, 0), _ROWS).astype(np.int64))
        self._places: dict[str, int] = {}
        self._sketches = np.zeros((0, _LEVELS, len(self._rows)), np.float32)
        self._coarse = np.zeros((0, _LEVELS // 2, -(-len(self._rows) // _COARSE)), np.float32)

    def add(self, name: str, values: Int64[np.ndarray, "_"]) -> None:
        """Sketch a known sub-column."""
        used = len(self._places)
        if used == len(self._sketches):
            self._sketches = _grown(self._sketches, used)
            self._coarse = _grown(self._coarse, used)
        self._sketches[used] = self._sketch(values)
        self._coarse[used] = _coarse(self._sketches[used])
        self._places[name] = used

    def nearest(self, values: Int64[np.ndarray, "_"], names: list[str], most: int) -> list[str]:
        """Return at most so many of the names, in their order: those that tell most of the values.

        Args:
            values: of all rows.
            names: of sub-columns that were added.
            most: names to return.
        """
        if len(names) <= most:
            return names
        sketch = self._sketch(values)
        places = np.array([self._places[name] for name in names])
        numbers = np.arange(len(names))
        if len(names) > _MANY:
            used = self._coarse[: len(self._places)]
            told = _told(used, _coarse(sketch))[places]
            numbers = np.argsort(-told, kind="stable")[: _LISTED * most]
        told = _told(self._sketches[places[numbers]], sketch)
        kept = numbers[np.argsort(-told, kind="stable")[:most]]
        return [names[number] for number in np.sort(kept).tolist()]

    def _sketch(self, values: Int64[np.ndarray, "_"]) -> Float32[np.ndarray, "_ _"]:
        some = values[self._rows]
        cuts = np.quantile(some, np.arange(1, _LEVELS) / _LEVELS, method="lower")
        levels = np.searchsorted(cuts, some)
        return (levels == np.arange(_LEVELS)[:, None]).astype(np.float32)


def _told(known: Sketch, sketch: Float32[np.ndarray, "_ _"]) -> Float64[np.ndarray, "_"]:
    """Return how much each known sketch tells of another one."""
    n_levels = len(sketch)
    pairs = known.reshape(len(known) * n_levels, -1) @ sketch.T
    counts = pairs.astype(np.int64).reshape(-1, n_levels, n_levels)
    return x_log_x(counts).sum(axis=(1, 2)) - x_log_x(counts.sum(axis=2)).sum(axis=1)


def _coarse(sketch: Float32[np.ndarray, "*_"]) -> Float32[np.ndarray, "*_"]:
    """Return half of the levels in an eighth of the rows."""
    some = sketch[..., ::_COARSE]
    return some[..., ::2, :] + some[..., 1::2, :]


def _grown(sketches: Sketch, used: int) -> Sketch:
    grown = np.zeros((2 * used + 16, *sketches.shape[1:]), np.float32)
    grown[:used] = sketches
    return grown
