"""One column of a block ↔ its streams: the smallest of the ways that keep its promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Shaped

from ae_pipeline.codec.rows import (
    pack_positions,
    pack_validity,
    unpack_positions,
    unpack_validity,
)
from ae_pipeline.codec.streams import ColumnStreams, Method
from ae_pipeline.entropy import pack_integers, pack_numbers, unpack_integers, unpack_numbers
from ae_pipeline.quantization import Grid, breaks_promise, dequantize, quantize

Values = Shaped[np.ndarray, "present"]
Prediction = Float64[np.ndarray, "present"]

#: With more exact values than this share, the column is tried without a grid as well.
_MANY_EXACT = 1 / 16


@dataclass(frozen=True)
class ColumnCodec:
    """How one feature column is stored.

    Args:
        kind: Arrow type of the column.
        grid: offset and tolerance; tolerance 0 is lossless.
    """

    kind: pa.DataType
    grid: Grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """Numpy type of the values."""
        return np.dtype(self.kind.to_pandas_dtype())

    def encode(
        self, column: pa.Array, predictions: Float64[np.ndarray, "rows"] | None
    ) -> tuple[ColumnStreams, ColumnStreams | None]:
        """(streams without predictions, streams with them if there are any)."""
        values, is_valid = _present(column, self.dtype)
        validity = pack_validity(is_valid)
        if not self.grid.tolerance:
            return ColumnStreams(Method.LOSSLESS, pack_numbers(values), validity), None
        direct = self._on_grid(values, None, Method.DIRECT, validity)
        if predictions is None:
            return direct, None
        chosen = predictions[is_valid]
        return direct, self._on_grid(values, chosen, Method.CORRECTED, validity)

    def decode(
        self, streams: ColumnStreams, n_rows: int, predictions: Float64[np.ndarray, "rows"] | None
    ) -> pa.Array:
        """The column; ValueError if a stream is damaged."""
        is_valid = unpack_validity(streams.validity, n_rows)
        n_present = int(is_valid.sum())
        chosen = None
        if streams.method is Method.CORRECTED:
            if predictions is None:
                raise ValueError("corrections without codes")
            chosen = predictions[is_valid]
        values = self._decode_present(streams, n_present, chosen)
        if streams.positions:
            _replace(values, streams, self.dtype)
        if n_present == n_rows:
            return pa.array(values, type=self.kind)
        full = np.zeros(n_rows, self.dtype)
        full[is_valid] = values
        return pa.array(full, type=self.kind, mask=~is_valid)

    def _decode_present(
        self, streams: ColumnStreams, n_present: int, predictions: Prediction | None
    ) -> Values:
        if streams.method is Method.LOSSLESS:
            return unpack_numbers(streams.main, n_present, self.dtype)
        integers = unpack_integers(streams.main, n_present)
        return dequantize(self.grid, integers, predictions, self.dtype)

    def _on_grid(
        self, values: Values, predictions: Prediction | None, method: Method, validity: bytes
    ) -> ColumnStreams:
        """Quantise, decode again, and store exactly what broke the promise."""
        with np.errstate(invalid="ignore"):  # a signalling NaN is a value like any other
            units = self.grid.to_units(values.astype(np.float64))
        integers = quantize(units, predictions)
        decoded = dequantize(self.grid, integers, predictions, self.dtype)
        broken = np.flatnonzero(breaks_promise(values, decoded, self.grid.tolerance))
        streams = ColumnStreams(
            method,
            pack_integers(integers),
            validity,
            pack_positions(broken),
            pack_numbers(values[broken]),
        )
        if len(broken) <= _MANY_EXACT * len(values):
            return streams
        lossless = ColumnStreams(Method.LOSSLESS, pack_numbers(values), validity)
        return min(streams, lossless, key=lambda candidate: candidate.n_bytes)


def _present(column: pa.Array, dtype: np.dtype[Any]) -> tuple[Values, Bool[np.ndarray, "rows"]]:
    """Values that are not null, bit for bit, and where they are."""
    if not column.null_count:
        return _raw_values(column, dtype), np.ones(len(column), bool)
    is_valid = column.is_valid().to_numpy(zero_copy_only=False)
    return _raw_values(column, dtype)[is_valid], is_valid


def _raw_values(column: pa.Array, dtype: np.dtype[Any]) -> Values:
    """The value buffer itself: conversions could change a NaN's payload."""
    if not len(column):
        return np.zeros(0, dtype)
    start = column.offset * dtype.itemsize
    return np.frombuffer(column.buffers()[1], dtype, count=len(column), offset=start)


def _replace(values: Values, streams: ColumnStreams, dtype: np.dtype[Any]) -> None:
    """Put the exact values back where they belong."""
    positions = unpack_positions(streams.positions, len(values))
    values[positions] = unpack_numbers(streams.exact, len(positions), dtype)
