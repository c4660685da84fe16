"""One column of a block ↔ its streams: the smallest of the ways that keep its promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Int64, Shaped

from ae_pipeline.codec.archive.residuals import (
    integers_of,
    pack_residuals,
    restored_cells,
    rounded_cells,
    unpack_residuals,
)
from ae_pipeline.coding import (
    MANY_EXACT,
    NETWORK_METHODS,
    ColumnStreams,
    Method,
    Quantizer,
    dequantize,
    from_units,
    pack_integers,
    pack_numbers,
    pack_positions,
    pack_validity,
    quantize,
    unpack_contexts,
    unpack_numbers,
    unpack_positions,
    unpack_series,
    unpack_validity,
)

Values = Shaped[np.ndarray, "present"]
Cells = Int64[np.ndarray, "present"]
Prediction = Float64[np.ndarray, "present"]
Rows = Int64[np.ndarray, "chosen"]


@dataclass(frozen=True)
class Present:
    """The values of a column that are not null.

    Args:
        values: bit for bit.
        is_valid: the rows they are in.
        validity: those rows as bytes.
    """

    values: Values
    is_valid: Bool[np.ndarray, "rows"]
    validity: bytes


@dataclass(frozen=True)
class Stored:
    """One way to store a column.

    Args:
        streams: of the column.
        own_cells: from which other columns may be predicted; a function makes those that may not
            be needed.
        whole: a method of the same decoded values that keeps integers as they are, and these; None
            for a column without integers.
        is_packed: whether the main stream is there; cells of direct coding may be packed later.
    """

    streams: ColumnStreams
    own_cells: Cells | Callable[[], Cells]
    whole: tuple[Method, Cells] | None = None
    is_packed: bool = True

    @cached_property
    def cells(self) -> Cells:
        """From which other columns may be predicted."""
        return self.own_cells() if callable(self.own_cells) else self.own_cells

    @cached_property
    def packed(self) -> Stored:
        """The same way with its main stream: direct coding need not have it until it is wanted."""
        if self.is_packed:
            return self
        streams = replace(self.streams, main=pack_integers(self.cells))
        return replace(self, streams=streams, is_packed=True)


@dataclass(frozen=True)
class LaneWays:
    """The ways to store a lane that need no other lane.

    Args:
        make_direct: stores it without any prediction.
        learned: residuals of the network's prediction; None without.
        make_series: stores it as a series, given direct coding and the most bytes of the main
            stream, those of direct coding if None; None if that does not take fewer.
    """

    make_direct: Callable[[], Stored]
    learned: Stored | None = None
    make_series: Callable[[Stored, int | None], Stored | None] = lambda *_: None
    _series: list[Stored | None] = field(default_factory=list, compare=False, repr=False)

    @cached_property
    def direct(self) -> Stored:
        """The lane without any prediction, made when it is first asked for."""
        return self.make_direct()

    def series(self, others: Sequence[Stored]) -> Stored | None:
        """Return the lane as a curve through its rows, if that promises to beat the other ways.

        It is made when it is first asked for, and need not be looked for among more of them.
        """
        if not self._series:
            most = min((way.streams.n_bytes for way in others), default=None)
            direct = self.direct.packed if most is None else self.direct
            self._series.append(self.make_series(direct, most))
        return self._series[0]

    def with_learned(self, learned: Stored) -> LaneWays:
        """Return the ways with residuals of the network; all else is made once for both."""
        return LaneWays(lambda: self.direct, learned, self.make_series, self._series)


@dataclass(frozen=True)
class Decoded:
    """A decoded column.

    Args:
        array: its values.
        own_cells: where it is not null; a function makes those that may not be needed.
        is_valid: rows that are not null.
    """

    array: pa.Array
    own_cells: Cells | Callable[[], Cells]
    is_valid: Bool[np.ndarray, "rows"]

    @cached_property
    def cells(self) -> Cells:
        """From which other columns may be predicted."""
        return self.own_cells() if callable(self.own_cells) else self.own_cells


@dataclass(frozen=True)
class Predictions:
    """The predictions that a column is decoded with; each method needs at most one.

    Args:
        network: of all rows, in tolerance units.
        linear: of all rows, in cells.
        follows: whether a cell is the one before plus prediction and residual.
        context_values: of all rows, by the linear predictor.
        cells: of the rows that are not null, as the table model decoded them.
    """

    network: Float64[np.ndarray, "rows"] | None = None
    linear: Int64[np.ndarray, "rows"] | None = None
    follows: bool = False
    context_values: Int64[np.ndarray, "rows"] | None = None
    cells: Cells | None = None


@dataclass(frozen=True)
class ColumnCodec:
    """How one feature column is stored.

    Args:
        kind: Arrow type of the column.
        quantizer: its grid, without cells where the column is lossless, and its promise.
    """

    kind: pa.DataType
    quantizer: Quantizer

    @cached_property
    def has_cells(self) -> bool:
        """Whether values are rounded to a grid; else the column is lossless."""
        return self.quantizer.grid.has_cells

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Numpy type of the values."""
        return np.dtype(self.kind.to_pandas_dtype())

    def present(self, column: pa.Array) -> Present:
        """Return the values that are not null, bit for bit, and the rows they are in."""
        values = _raw_values(column, self.dtype)
        if not column.null_count:
            return Present(values, np.ones(len(column), bool), b"")
        is_valid = column.is_valid().to_numpy(zero_copy_only=False)
        return Present(values[is_valid], is_valid, pack_validity(is_valid))

    def direct(self, present: Present, *, packs: bool = True) -> Stored:
        """Store without any prediction; leave the packing of cells to later, if told to."""
        if not self.has_cells:
            return self._lossless(present)
        integers, exact = self.quantizer.quantize(present.values, None)
        packs |= len(exact) > MANY_EXACT * len(present.values)
        main = pack_integers(integers) if packs else b""
        whole = Method.DIRECT, integers
        own = Stored(
            ColumnStreams(
                Method.DIRECT, main, present.validity, *pack_exact(present.values, exact)
            ),
            integers,
            whole,
            packs,
        )
        return self._unless_lossless(own, present, exact)

    def network_residuals(
        self,
        present: Present,
        prediction: Prediction,
        most_bytes: int | None = None,
        *,
        is_quick: bool = False,
    ) -> Stored:
        """Store residuals of the network's prediction; never for a lossless column.

        Args:
            present: values of the column.
            prediction: of them.
            most_bytes: as in `pack_residuals`.
            is_quick: pack contexts quickly.
        """
        residuals, exact = self.quantizer.quantize(present.values, prediction)
        cells = partial(restored_cells, residuals, prediction)
        method, main = pack_residuals(residuals, prediction, most_bytes, is_quick=is_quick)
        whole = Method.NETWORK_RESIDUALS, residuals
        own = Stored(
            ColumnStreams(method, main, present.validity, *pack_exact(present.values, exact)),
            cells,
            whole,
        )
        return self._unless_lossless(own, present, exact)

    def decode(
        self,
        streams: ColumnStreams,
        n_rows: int,
        predictions: Predictions,
        is_valid: Bool[np.ndarray, "rows"] | None = None,
    ) -> Decoded:
        """Decode a column.

        Args:
            streams: of the column.
            n_rows: of the block.
            predictions: those that the method of the streams needs.
            is_valid: rows that are not null; None to read them from the streams.

        Raises:
            ValueError: a stream is damaged, or the codec lacks what its method needs.
        """
        if is_valid is None:
            is_valid = unpack_validity(streams.validity, n_rows)
        values, cells = self._decode_present(streams, is_valid, predictions)
        if streams.positions:
            _restore_exact(values, streams, self.dtype)
        if len(values) == n_rows:
            return Decoded(pa.array(values, type=self.kind), cells, is_valid)
        full = np.zeros(n_rows, self.dtype)
        full[is_valid] = values
        return Decoded(pa.array(full, type=self.kind, mask=~is_valid), cells, is_valid)

    def cells_of(self, values: Values) -> Cells:
        """Return the cells of values stored bit for bit; 0 in a column without a grid."""
        if not self.has_cells:
            return np.zeros(len(values), np.int64)
        return quantize(self.units_of(values), None)

    def units_of(self, values: Values) -> Float64[np.ndarray, "present"]:
        """Convert to tolerance units; NaN for values that no cell holds."""
        return self.quantizer.to_units(values)

    def _decode_present(
        self, streams: ColumnStreams, is_valid: Bool[np.ndarray, "rows"], predictions: Predictions
    ) -> tuple[Values, Cells | Callable[[], Cells]]:
        n_present, grid = int(is_valid.sum()), self.quantizer.grid
        if streams.method is Method.LOSSLESS:
            values = unpack_numbers(streams.main, n_present, self.dtype)
            return values, partial(self.cells_of, values.copy())  # some are restored in place
        if streams.method in NETWORK_METHODS:
            if predictions.network is None:
                raise ValueError("residuals of a network, but the block has no codes")
            prediction = _where(is_valid, predictions.network)
            residuals = unpack_residuals(streams, prediction)
            values = dequantize(grid, residuals, prediction, self.dtype)
            return values, partial(restored_cells, residuals, prediction)
        if streams.method is Method.SERIES:
            units = unpack_series(streams.main, n_present).units
            return from_units(grid, units, self.dtype), partial(rounded_cells, units)
        cells = _decode_cells(streams, n_present, is_valid, predictions)
        return dequantize(grid, cells, None, self.dtype), cells

    def _unless_lossless(self, own: Stored, present: Present, exact: Rows) -> Stored:
        """Return a way, or lossless coding where that is smaller than many exact values.

        Vectors whose cosine is promised were judged as cells, before their lanes were stored: a
        lane that came back closer than that, alone, would turn them.
        """
        is_turned = self.quantizer.promise.cosine > 0
        if is_turned or len(exact) <= MANY_EXACT * len(present.values):
            return own
        lossless = self._lossless(present)
        return own if own.streams.n_bytes <= lossless.streams.n_bytes else lossless

    def _lossless(self, present: Present) -> Stored:
        main = pack_numbers(present.values)
        streams = ColumnStreams(Method.LOSSLESS, main, present.validity)
        return Stored(streams, partial(self.cells_of, present.values))


def store_elsewhere(n_rows: int) -> tuple[Present, Stored]:
    """Return a column of a block whose values lie among the mapped columns."""
    nothing = np.zeros(0, np.int64)
    streams = ColumnStreams(Method.MAPPED, b"")
    return Present(nothing, np.zeros(n_rows, bool), b""), Stored(streams, nothing)


def code_directly(column: ColumnCodec, values: pa.Array) -> pa.Array:
    """Return values as they come back if they are stored without any prediction."""
    stored = column.direct(column.present(values))
    return column.decode(stored.streams, len(values), Predictions()).array


def _decode_cells(
    streams: ColumnStreams,
    n_present: int,
    is_valid: Bool[np.ndarray, "rows"],
    predictions: Predictions,
) -> Cells:
    """Decode cells, stored directly or with a linear prediction; those of a table are known."""
    if streams.method in (Method.TABLE, Method.MAPPED):
        if predictions.cells is None:
            raise ValueError("a column of a table model, but the codec has none")
        return predictions.cells
    if streams.method is Method.LINEAR_CONTEXTS:
        if predictions.context_values is None:
            raise ValueError("contexts without a linear predictor")
        return unpack_contexts(streams.main, _where(is_valid, predictions.context_values))
    integers = integers_of(streams, n_present)
    if streams.method is not Method.LINEAR_RESIDUALS:
        return integers
    if predictions.linear is None:
        raise ValueError("residuals without a linear predictor")
    steps = integers + _where(is_valid, predictions.linear)
    return np.cumsum(steps) if predictions.follows else steps


def _where(
    is_valid: Bool[np.ndarray, "rows"], numbers: Shaped[np.ndarray, "rows"]
) -> Shaped[np.ndarray, "present"]:
    """Return the numbers of rows that are not null, without a copy if these are all."""
    return numbers if is_valid.all() else numbers[is_valid]


def _raw_values(column: pa.Array, dtype: np.dtype[Any]) -> Values:
    """Read the value buffer itself: conversions could change a NaN's payload."""
    if not len(column):
        return np.zeros(0, dtype)
    start = column.offset * dtype.itemsize
    return np.frombuffer(column.buffers()[1], dtype, count=len(column), offset=start)


def pack_exact(values: Values, exact: Int64[np.ndarray, "chosen"]) -> tuple[bytes, bytes]:
    """Pack the rows of values that are stored exactly, and the values."""
    return (pack_positions(exact), pack_numbers(values[exact])) if len(exact) else (b"", b"")


def _restore_exact(values: Values, streams: ColumnStreams, dtype: np.dtype[Any]) -> None:
    """Put the values that were stored exactly back in place."""
    positions = unpack_positions(streams.positions, len(values))
    values[positions] = unpack_numbers(streams.exact, len(positions), dtype)
