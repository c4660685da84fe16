"""One column of a block ↔ its streams: the smallest of the ways that keep its promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Int64, Shaped

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
        validity = b"" if is_valid.all() else _pack_bits(is_valid)
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
        is_valid = _unpack_bits(streams.validity, n_rows)
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
        units = self.grid.to_units(values.astype(np.float64))
        integers = quantize(units, predictions)
        decoded = dequantize(self.grid, integers, predictions, self.dtype)
        broken = np.flatnonzero(breaks_promise(values, decoded, self.grid.tolerance))
        streams = ColumnStreams(
            method,
            pack_integers(integers),
            validity,
            _pack_positions(broken),
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
    """Put the exact values back; how many there are follows from the stream of values."""
    n_exact = _count(streams.positions, len(values))
    steps = unpack_integers(streams.positions[_COUNT_BYTES:], n_exact)
    # Steps within the block first: sums of larger ones could wrap around.
    if n_exact and (steps.min() < 1 or steps.max() > len(values) or steps.sum() > len(values)):
        raise ValueError("exact values lie outside of the block")
    positions: Int64[np.ndarray, "exact"] = np.cumsum(steps) - 1
    values[positions] = unpack_numbers(streams.exact, n_exact, dtype)


_COUNT_BYTES = 4


def _pack_positions(positions: Int64[np.ndarray, "exact"]) -> bytes:
    """How many, then the steps from one to the next, the first counted from before row 0."""
    if not len(positions):
        return b""
    steps = np.diff(positions, prepend=-1)
    return len(positions).to_bytes(_COUNT_BYTES, "little") + pack_integers(steps)


def _count(positions: bytes, most: int) -> int:
    n_exact = int.from_bytes(positions[:_COUNT_BYTES], "little")
    if n_exact > most:
        raise ValueError(f"{n_exact} exact values in {most} rows")
    return n_exact


def _pack_bits(is_valid: Bool[np.ndarray, "rows"]) -> bytes:
    """Zstandard over the bitmap: runs and repetitions shrink, noise stays at one bit."""
    return pa.compress(np.packbits(is_valid).tobytes(), codec="zstd", asbytes=True)


def _unpack_bits(content: bytes, n_rows: int) -> Bool[np.ndarray, "rows"]:
    if not content:
        return np.ones(n_rows, bool)
    n_bytes = (n_rows + 7) // 8
    try:
        # A stream, because `pa.decompress` leaves what a short frame does not fill uninitialised.
        bits = pa.CompressedInputStream(pa.py_buffer(content), "zstd").read(n_bytes + 1)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error)) from error
    if len(bits) != n_bytes:
        raise ValueError("validity of another length")
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=n_rows).astype(bool)
