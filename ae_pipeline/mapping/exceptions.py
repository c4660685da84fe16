"""Rows whose values the integers of a mapping do not say: which ones, and their values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64

from ae_pipeline.coding.row_sets import (
    pack_positions,
    pack_validity,
    unpack_positions,
    unpack_validity,
)
from ae_pipeline.coding.varint import Reader, prefixed
from ae_pipeline.mapping.whole import pack_whole, unpack_whole

#: A column with more exceptions per present row is stored whole if that is smaller.
MOST_EXCEPTIONS = 1 / 16

Rows = Bool[np.ndarray, "rows"]
Present = Bool[np.ndarray, "present"]


def pack_exceptions(is_valid: Rows, is_exception: Present, present: pa.Array) -> bytes:
    """Pack what the integers of a column lack; nothing if they say it all.

    Args:
        is_valid: rows that are not null, where no sub-column says so; else all.
        is_exception: which of the present rows are exceptions.
        present: values that are not null.
    """
    if is_valid.all() and not is_exception.any():
        return b""
    positions = np.flatnonzero(is_exception)
    side = prefixed([pack_validity(is_valid), pack_positions(positions)])
    return side + pack_whole(present.take(pa.array(positions))) if len(positions) else side


def unpack_validity_of(side: bytes, n_rows: int) -> Rows:
    """Return the rows that are not null according to `pack_exceptions`; ValueError if damaged."""
    if not side:
        return np.ones(n_rows, bool)
    return unpack_validity(Reader(side).take_prefixed(1)[0], n_rows)


def put_exceptions(side: bytes, present: pa.Array) -> pa.Array:
    """Replace the values that `pack_exceptions` set aside; ValueError if damaged.

    Args:
        side: as it was packed.
        present: values that are not null, anything where there are exceptions.
    """
    if not side:
        return present
    reader = Reader(side)
    positions = unpack_positions(reader.take_prefixed(2)[1], len(present))
    if not len(positions):
        return present
    values = unpack_whole(side[reader.position :], present.type, len(positions))
    if values.null_count:
        raise ValueError("an exception is null")
    places = np.arange(len(present))
    places[positions] = len(present) + np.arange(len(positions))
    return pa.concat_arrays([present, values]).take(pa.array(places))


def rows_to_repeat(is_exception: Rows) -> Int64[np.ndarray, "rows"]:
    """Return, for each row, the last one up to it that is no exception, or else the first such."""
    rows = np.where(is_exception, -1, np.arange(len(is_exception)))
    first = int(np.argmin(is_exception)) if len(is_exception) else 0
    return np.maximum(np.maximum.accumulate(rows), first) if len(rows) else rows
