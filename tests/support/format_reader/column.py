"""One column of a block."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tests.support.format_reader.grids import unit_of, values_of
from tests.support.format_reader.series import read_series
from tests.support.format_reader.streams import (
    read_classes,
    read_integers,
    read_numbers,
    read_positions,
    read_validity,
)


class Column:
    """One column of a block."""

    def __init__(self, codec: dict, number: int, n_rows: int, prediction, base) -> None:
        self.feature = codec["features"][number]
        self.kind = self.feature["kind"]
        self.dtype = np.dtype(self.kind.to_pandas_dtype())
        self.n_rows, self.prediction, self.base = n_rows, prediction, base
        predictor = codec["arrays"]["predictor"]
        self.follows = bool(predictor and predictor["follows"][number])

    def validity(self, content: bytes) -> np.ndarray:
        """Which rows are not null; lanes of vectors know it."""
        if isinstance(content, np.ndarray):
            return content
        return read_validity(content, self.n_rows)

    def read(
        self,
        method: int,
        streams: dict[str, bytes],
        is_valid: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> tuple[pa.Array, np.ndarray, np.ndarray]:
        """The column, its cells in all rows for prediction, and those of rows that are not null.

        Args:
            method: of the main stream.
            streams: by name.
            is_valid: rows that are not null; None to read them.
            known: cells that the table model says.
        """
        if is_valid is None:
            is_valid = self.validity(streams.get("validity", b""))
        values, cells = self._values(method, streams["main"], is_valid, known)
        if "positions" in streams:
            positions = read_positions(streams["positions"])
            values[positions] = read_numbers(streams["values"], len(positions), self.dtype)
        full = np.zeros(self.n_rows, self.dtype)
        full[is_valid] = values
        spread = np.zeros(self.n_rows)
        if len(cells):
            spread = cells[np.maximum(np.cumsum(is_valid) - 1, 0)].astype(float)
        array = pa.array(full, type=self.kind, mask=~is_valid)
        return array, np.clip(spread, -(2**24), 2**24), cells

    def _values(self, method: int, main: bytes, is_valid: np.ndarray, known: np.ndarray | None):
        m = int(is_valid.sum())
        if method == 2:
            values = read_numbers(main, m, self.dtype)
            return values, self._cells_of(values)
        if method == 6:
            units = known
        elif method == 4:
            units = read_classes(main, np.rint(8 * self.base[is_valid]))
        elif method == 5:
            hint = np.nan_to_num(np.rint(8 * self.prediction[is_valid]))
            units = read_classes(main, np.clip(hint, -(2**53), 2**53))
        elif method == 8:
            y, fraction = read_series(main, m)
            units = np.array(y, float) / 2**fraction
        else:
            units = main if isinstance(main, np.ndarray) else read_integers(main, m)
        if method == 3:
            units = units + np.rint(self.base[is_valid]).astype(np.int64)
            units = np.cumsum(units) if self.follows else units
        cells = units
        units = units.astype(float) + (self.prediction[is_valid] if method in (1, 5) else 0)
        if method in (1, 5, 8):
            cells = np.clip(np.nan_to_num(np.rint(units)), -(2**53), 2**53)
        exact = values_of(units, self.feature)
        is_float = self.dtype.kind == "f"
        limit = np.finfo(self.dtype) if is_float else np.iinfo(self.dtype)
        exact = exact if is_float else np.rint(exact)
        highest = float(limit.max)  # of 64-bit integers, that is one too many
        highest = highest if int(highest) <= int(limit.max) else np.nextafter(highest, 0)
        return np.clip(exact, float(limit.min), highest).astype(self.dtype), cells

    def _cells_of(self, values: np.ndarray) -> np.ndarray:
        cells = np.zeros(len(values))
        if not self.feature["tolerance"] and "grid" not in self.feature:
            return cells
        last = 0.0
        with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
            doubles = values.astype(float).tolist()
        for row, value in enumerate(doubles):
            unit = unit_of(value, self.feature)
            last = np.rint(unit) if abs(unit) < 2**51 else last
            cells[row] = last
        return cells
