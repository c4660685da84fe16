"""What a network's predictions leave to be corrected ↔ the main stream of a column."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.coding import (
    HINT_BITS,
    ColumnStreams,
    Method,
    pack_classes,
    pack_integers,
    unpack_classes,
    unpack_integers,
)

#: What needs the network's prediction.
CORRECTED = {Method.CORRECTED, Method.CORRECTED_CLASSED}
_FARTHEST_CELL = float(1 << 53)

Integers = Int64[np.ndarray, "present"]
Prediction = Float64[np.ndarray, "present"]


def pack_main(integers: Integers, prediction: Prediction | None) -> tuple[Method, bytes]:
    """Cells, or corrections of a prediction as one stream or in classes of what was predicted."""
    whole = pack_integers(integers)
    if prediction is None:
        return Method.DIRECT, whole
    classes = pack_classes(integers, _hints_of(prediction), len(whole))
    return (Method.CORRECTED, whole) if classes is None else (Method.CORRECTED_CLASSED, classes)


def unpack_corrections(streams: ColumnStreams, prediction: Prediction) -> Integers:
    """Inverse of `pack_main` with a prediction; ValueError if the stream is damaged."""
    if streams.method is Method.CORRECTED_CLASSED:
        return unpack_classes(streams.main, _hints_of(prediction))
    return unpack_integers(streams.main, len(prediction))


def whole_cells(integers: Integers, prediction: Prediction) -> Integers:
    """The cells that corrected values lie in, whatever was predicted."""
    return _rounded(integers + prediction)


def _hints_of(prediction: Prediction) -> Integers:
    with np.errstate(over="ignore"):
        return _rounded(prediction * 2.0**HINT_BITS)


def _rounded(numbers: Prediction) -> Integers:
    whole = np.nan_to_num(np.rint(numbers), copy=False)
    return np.clip(whole, -_FARTHEST_CELL, _FARTHEST_CELL, out=whole).astype(np.int64)
