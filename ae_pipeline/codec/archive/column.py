"""One column of a block ↔ its streams: the smallest of the ways that keep its promise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Int64, Shaped

from ae_pipeline.codec.archive.residuals import (
    CORRECTED,
    pack_main,
    unpack_corrections,
    whole_cells,
)
from ae_pipeline.coding import (
    ColumnStreams,
    Grid,
    Method,
    Quantizer,
    dequantize,
    pack_classes,
    pack_integers,
    pack_numbers,
    pack_positions,
    pack_validity,
    quantize,
    unpack_classes,
    unpack_integers,
    unpack_numbers,
    unpack_positions,
    unpack_validity,
)

Values = Shaped[np.ndarray, "present"]
Cells = Int64[np.ndarray, "present"]
Prediction = Float64[np.ndarray, "present"]

#: With more exact values than this share, the column is tried without a grid as well.
_MANY_EXACT = 1 / 16


@dataclass(frozen=True)
class Present:
    """What of a column is not null.

    Args:
        values: bit for bit.
        is_valid: where they are.
        validity: that as bytes.
    """

    values: Values
    is_valid: Bool[np.ndarray, "rows"]
    validity: bytes


@dataclass(frozen=True)
class Stored:
    """One way to store a column, and its cells, from which other columns may be predicted."""

    streams: ColumnStreams
    cells: Cells

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams."""
        return self.streams.n_bytes


@dataclass(frozen=True)
class Decoded:
    """A column again, and its cells where it is not null."""

    array: pa.Array
    cells: Cells
    is_valid: Bool[np.ndarray, "rows"]


@dataclass(frozen=True)
class Hints:
    """What other streams say of a column's present values.

    Args:
        prediction: of the network, in tolerance units.
        base: of the linear predictor, in cells.
        follows: whether a cell is the one before plus what the stream says.
        classes: the linear predictor's hint.
    """

    prediction: Prediction | None = None
    base: Cells | None = None
    follows: bool = False
    classes: Cells | None = None


@dataclass(frozen=True)
class ColumnCodec:
    """How one feature column is stored.

    Args:
        kind: Arrow type of the column.
        quantizer: its grid, without cells where the column is lossless, and its promise.
    """

    kind: pa.DataType
    quantizer: Quantizer

    @property
    def grid(self) -> Grid:
        """What values are rounded to."""
        return self.quantizer.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """Numpy type of the values."""
        return np.dtype(self.kind.to_pandas_dtype())

    def present(self, column: pa.Array) -> Present:
        """Values that are not null, bit for bit, and where they are."""
        if not column.null_count:
            values, is_valid = _raw_values(column, self.dtype), np.ones(len(column), bool)
        else:
            is_valid = column.is_valid().to_numpy(zero_copy_only=False)
            values = _raw_values(column, self.dtype)[is_valid]
        return Present(values, is_valid, pack_validity(is_valid))

    def direct(self, present: Present) -> Stored:
        """Without any prediction."""
        if self.grid.has_cells:
            return self._on_grid(present, None)
        streams = ColumnStreams(Method.LOSSLESS, pack_numbers(present.values), present.validity)
        return Stored(streams, np.zeros(len(present.values), np.int64))

    def corrected(self, present: Present, prediction: Prediction) -> Stored:
        """As corrections of the network's prediction; never of a lossless column."""
        return self._on_grid(present, prediction)

    def predicted(self, direct: Stored, base: Cells, follows: bool) -> Stored:
        """As distances from the linear prediction; the cells are those of direct coding."""
        cells = direct.cells
        before = np.concatenate([[0], cells[:-1]])[: len(cells)] if follows else 0
        main = pack_integers(cells - base - before)
        return Stored(replace(direct.streams, method=Method.PREDICTED, main=main), cells)

    def classed(self, direct: Stored, hints: Cells, most_bytes: int) -> Stored | None:
        """In classes of hints, with the cells of direct coding; None if not in fewer bytes."""
        main = pack_classes(direct.cells, hints, most_bytes)
        if main is None:
            return None
        return Stored(replace(direct.streams, method=Method.CLASSED, main=main), direct.cells)

    def decode(self, streams: ColumnStreams, n_rows: int, hints: Hints) -> Decoded:
        """The column; ValueError if a stream is damaged.

        Args:
            streams: of the column.
            n_rows: of the block.
            hints: what the method of the streams needs, of all rows.
        """
        is_valid = unpack_validity(streams.validity, n_rows)
        values, cells = self._decode_present(streams, is_valid, hints)
        if streams.positions:
            _replace(values, streams, self.dtype)
        if is_valid.all():
            return Decoded(pa.array(values, type=self.kind), cells, is_valid)
        full = np.zeros(n_rows, self.dtype)
        full[is_valid] = values
        return Decoded(pa.array(full, type=self.kind, mask=~is_valid), cells, is_valid)

    def _decode_present(
        self, streams: ColumnStreams, is_valid: Bool[np.ndarray, "rows"], hints: Hints
    ) -> tuple[Values, Cells]:
        n_present = int(is_valid.sum())
        if streams.method is Method.LOSSLESS:
            values = unpack_numbers(streams.main, n_present, self.dtype)
            return values, self.cells_of(values)
        if streams.method is Method.CLASSED:
            if hints.classes is None:
                raise ValueError("classes without a linear predictor")
            integers = unpack_classes(streams.main, hints.classes[is_valid])
            return dequantize(self.grid, integers, None, self.dtype), integers
        if streams.method in CORRECTED:
            if hints.prediction is None:
                raise ValueError("corrections without codes")
            prediction = hints.prediction[is_valid]
            integers = unpack_corrections(streams, prediction)
            values = dequantize(self.grid, integers, prediction, self.dtype)
            return values, whole_cells(integers, prediction)
        integers = unpack_integers(streams.main, n_present)
        if streams.method is Method.PREDICTED:
            integers = _restore(integers, is_valid, hints)
        return dequantize(self.grid, integers, None, self.dtype), integers

    def _on_grid(self, present: Present, prediction: Prediction | None) -> Stored:
        """Quantise, decode again, and store exactly what is to be exact."""
        values = present.values
        units = self.units_of(values)
        integers = quantize(units, prediction)
        decoded = dequantize(self.grid, integers, prediction, self.dtype)
        broken = np.flatnonzero(self._to_be_exact(values, decoded))
        cells = integers if prediction is None else whole_cells(integers, prediction)
        method, main = pack_main(integers, prediction)
        streams = ColumnStreams(
            method,
            main,
            present.validity,
            pack_positions(broken),
            pack_numbers(values[broken]),
        )
        if len(broken) <= _MANY_EXACT * len(values):
            return Stored(streams, cells)
        lossless = ColumnStreams(Method.LOSSLESS, pack_numbers(values), present.validity)
        if lossless.n_bytes >= streams.n_bytes:
            return Stored(streams, cells)
        return Stored(lossless, self.cells_of(values))

    def _to_be_exact(self, values: Values, decoded: Values) -> Bool[np.ndarray, "present"]:
        """What breaks its promise, and outliers, unless they have become the rule here."""
        is_broken = self.quantizer.is_broken(values, decoded)
        is_outlier = self.quantizer.is_outlier(values)
        is_rare = is_outlier.sum() <= _MANY_EXACT * len(values)
        return is_broken | (is_outlier & (values != decoded)) if is_rare else is_broken

    def cells_of(self, values: Values) -> Cells:
        """Cells of values that are stored bit for bit; 0 in a column without a grid."""
        if not self.grid.has_cells:
            return np.zeros(len(values), np.int64)
        return quantize(self.units_of(values), None)

    def units_of(self, values: Values) -> Float64[np.ndarray, "present"]:
        """Tolerance units; NaN for what has none."""
        with np.errstate(invalid="ignore"):  # a signalling NaN is a value like any other
            return self.grid.to_units(values.astype(np.float64))


def code_directly(column: ColumnCodec, values: pa.Array) -> pa.Array:
    """What comes back of values that were stored without any prediction."""
    stored = column.direct(column.present(values))
    return column.decode(stored.streams, len(values), Hints()).array


def fill_rows(cells: Cells, is_valid: Bool[np.ndarray, "rows"]) -> Int64[np.ndarray, "rows"]:
    """Cells of all rows: a null has the cell before it, leading ones that of the first value."""
    if len(cells) == len(is_valid):
        return cells
    if not len(cells):
        return np.zeros(len(is_valid), np.int64)
    return cells[np.maximum(np.cumsum(is_valid) - 1, 0)]


def _restore(integers: Cells, is_valid: Bool[np.ndarray, "rows"], hints: Hints) -> Cells:
    """Cells from their distances to the linear prediction."""
    if hints.base is None:
        raise ValueError("distances without a linear predictor")
    steps = integers + hints.base[is_valid]
    return np.cumsum(steps) if hints.follows else steps


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
