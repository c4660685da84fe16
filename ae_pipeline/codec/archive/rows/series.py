"""A column of a block as a series: a curve through its rows, beside its other ways."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.codec.archive.column import ColumnCodec, Present, Stored, pack_exact
from ae_pipeline.codec.archive.residuals import rounded_cells
from ae_pipeline.coding import (
    ColumnStreams,
    LinearGrid,
    Method,
    Quantizer,
    from_units,
    pack_series,
    unpack_positions,
)


def series_of(
    column: ColumnCodec, present: Present, direct: Stored, most_bytes: int | None = None
) -> Stored | None:
    """Store a column as a series; None if that does not take fewer bytes.

    Args:
        column: the codec of the column.
        present: its values.
        direct: how they are stored without any prediction, packed.
        most_bytes: of the main stream; None for those of direct coding.
    """
    if direct.streams.method is not Method.DIRECT:
        return None
    values, quantizer = present.values, column.quantizer
    units = _steady(column, present, direct)
    is_whole = _is_whole(quantizer, values.dtype)
    own = len(direct.streams.main)
    most, told = (
        (own, None) if most_bytes is None else (most_bytes, own if direct.is_packed else None)
    )
    found = pack_series(units, direct.cells, most, is_whole=is_whole, direct_bytes=told)
    if found is None:
        return None
    main, series = found
    decoded = from_units(quantizer.grid, series.units, column.dtype)
    exact = pack_exact(values, quantizer.exact_rows(values, decoded))
    streams = ColumnStreams(Method.SERIES, main, present.validity, *exact)
    return Stored(streams, rounded_cells(series.units))


def _is_whole(quantizer: Quantizer, kind: np.dtype[np.generic]) -> bool:
    """Whether values come back as cells: decimals, integers and floating-point grids do."""
    return quantizer.is_whole or kind.kind != "f" or not isinstance(quantizer.grid, LinearGrid)


def _steady(
    column: ColumnCodec, present: Present, direct: Stored
) -> Float64[np.ndarray, "present"]:
    """Return units in which rows that are stored exactly lie on lines between their neighbours."""
    units = column.units_of(present.values)
    is_known = np.isfinite(units)
    is_known[_exact_rows(direct, len(units))] = False
    if is_known.all():
        return units
    known = np.flatnonzero(is_known)
    if not len(known):
        return np.zeros(len(units))
    return np.interp(np.arange(len(units)), known, units[known])


def _exact_rows(direct: Stored, n_present: int) -> Int64[np.ndarray, "chosen"]:
    if not direct.streams.positions:
        return np.zeros(0, np.int64)
    return unpack_positions(direct.streams.positions, n_present)
