"""Residuals of the network's predictions ↔ the main stream of a column.

Formats and reports store the word "corrections" for these residuals.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.coding import (
    CONTEXT_BITS,
    ColumnStreams,
    Method,
    pack_contexts,
    pack_integers,
    round_units,
    unpack_contexts,
    unpack_integers,
)
from ae_pipeline.compiled import doing_without

_FARTHEST_CELL = float(1 << 53)

Integers = Int64[np.ndarray, "present"]
Prediction = Float64[np.ndarray, "present"]


def pack_residuals(
    residuals: Integers,
    prediction: Prediction,
    most_bytes: int | None = None,
    *,
    is_quick: bool = False,
) -> tuple[Method, bytes]:
    """Pack residuals as one stream, or by context of the prediction if that is smaller.

    Args:
        residuals: of the prediction.
        prediction: of each value.
        most_bytes: try one way alone: contexts, if they take fewer bytes than this, else, and
            always if it is 0, one stream. None tries both.
        is_quick: pack contexts quickly.
    """
    whole = pack_integers(residuals) if most_bytes is None else b""
    if most_bytes != 0:
        limit = len(whole) if most_bytes is None else most_bytes
        contexts = pack_contexts(residuals, _context_values(prediction), limit, is_quick=is_quick)
        if contexts is not None:
            return Method.NETWORK_CONTEXTS, contexts
    return Method.NETWORK_RESIDUALS, whole if most_bytes is None else pack_integers(residuals)


def unpack_residuals(streams: ColumnStreams, prediction: Prediction) -> Integers:
    """Invert `pack_residuals`; ValueError if the stream is damaged."""
    if streams.method is Method.NETWORK_CONTEXTS:
        return unpack_contexts(streams.main, _context_values(prediction))
    return integers_of(streams, len(prediction))


def integers_of(streams: ColumnStreams, n_present: int) -> Integers:
    """Return the integers of a column, its own or those of a shared stream.

    Raises:
        ValueError: there are not `n_present` of them.
    """
    if streams.integers is None:
        return unpack_integers(streams.main, n_present)
    if len(streams.integers) != n_present:
        raise ValueError(f"{len(streams.integers)} integers of {n_present} rows")
    return streams.integers


def restored_cells(residuals: Integers, prediction: Prediction) -> Integers:
    """Return the cells that restored values lie in."""
    return rounded_cells(residuals + prediction)


def _context_values(prediction: Prediction) -> Integers:
    return rounded_cells(prediction, 2.0**CONTEXT_BITS)


def rounded_cells(numbers: Prediction, factor: float = 1.0) -> Integers:
    """Round numbers times a factor to integers that float64 holds exactly; NaN is 0."""
    found = round_units(numbers, factor, _FARTHEST_CELL)
    if found is not None:
        return found
    with doing_without(), np.errstate(over="ignore"):
        whole = np.nan_to_num(np.rint(numbers * factor), copy=False)
        return np.clip(whole, -_FARTHEST_CELL, _FARTHEST_CELL, out=whole).astype(np.int64)
