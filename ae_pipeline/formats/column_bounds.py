"""Bounds of one column in one row group: least and largest value, nulls, the set of few words.

Bounds hold for decoded values, too: where a column has a tolerance, they are that much wider.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from ae_pipeline.coding import Promise

#: Distinct words of a set, and bytes of each, at most; longer text has rounded bounds alone.
MOST_WORDS, MOST_TEXT_BYTES = 64, 16
#: Larger integers have no bounds.
MOST_INTEGER = 1 << 62
#: Low bits of a float64 that bounds go without.
_SPARED = np.uint64(40)

Bound = int | float | bytes


@dataclass(frozen=True)
class ColumnBounds:
    """The values of a column in a row group, as far as bounds say it.

    Integers, dates, times, timestamps and durations have integers as bounds, in the unit of their
    type; floats have float64 numbers, and NaN are not counted; text and binary have bytes, which
    may be cut short. Everything lies between the bounds, ends included.

    Args:
        n_nulls: nulls.
        minimum: lower bound; None if there is no value.
        maximum: upper bound; None if there is no value.
        values: all distinct values of text or binary, ascending; empty if they are not known.
    """

    n_nulls: int
    minimum: Bound | None = None
    maximum: Bound | None = None
    values: tuple[bytes, ...] = ()


def is_integral(kind: pa.DataType) -> bool:
    """Whether a type has integers as bounds."""
    return types.is_integer(kind) or (types.is_temporal(kind) and not types.is_interval(kind))


def is_textual(kind: pa.DataType) -> bool:
    """Whether a type has bytes as bounds."""
    if types.is_dictionary(kind):
        return is_textual(kind.value_type)
    return (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


def bounds_of(array: pa.Array, promise: Promise) -> ColumnBounds | None:
    """Return the bounds of a column; None if its type or its values have none.

    Args:
        array: values of a row group.
        promise: of the column.
    """
    kind = array.type
    if len(array) and array.null_count == len(array):
        is_known = is_integral(kind) or types.is_floating(kind) or is_textual(kind)
        return ColumnBounds(array.null_count) if is_known else None
    if not len(array):
        return None
    if is_integral(kind):
        return _integers(array, promise)
    if types.is_floating(kind):
        return _floats(array, promise)
    return _texts(array) if is_textual(kind) else None


def without_words(bounds: ColumnBounds) -> ColumnBounds | None:
    """Return bounds alone, cut short; None if no short text is an upper bound."""
    if not bounds.values:
        return bounds
    return _cut(bounds.n_nulls, bounds.values[0], bounds.values[-1])


def _integers(array: pa.Array, promise: Promise) -> ColumnBounds | None:
    if types.is_temporal(array.type):
        array = array.cast(pa.int32() if array.type.bit_width == 32 else pa.int64())
    found = pc.min_max(array)
    low, high = found["min"].as_py(), found["max"].as_py()
    if not promise.is_exact:
        low, high = low - _margin(low, promise), high + _margin(high, promise)
    if min(low, -high - 1) < -MOST_INTEGER:
        return None
    return ColumnBounds(array.null_count, low, high)


def _margin(value: int, promise: Promise) -> int:
    """Return the largest error of an integer, what float64 does not say of it included."""
    allowed = float(promise.allowed(np.array([value], np.float64))[0])
    return int(min(np.ceil(allowed), MOST_INTEGER)) + (abs(value) >> 50)


def _floats(array: pa.Array, promise: Promise) -> ColumnBounds | None:
    values = array.drop_null().to_numpy(zero_copy_only=False)
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    ends = np.array([values.min(), values.max()], values.dtype)
    low, high = ends.astype(np.float64)
    if not promise.is_exact:
        margins = np.where(np.isinf(ends), 0.0, promise.allowed(ends))  # infinities are exact
        with np.errstate(over="ignore"):
            low, high = np.nextafter(low - margins[0], -np.inf), high + margins[1]
            high = np.nextafter(high, np.inf)
    return ColumnBounds(array.null_count, -_rounded_up(-low), _rounded_up(high))


def _rounded_up(value: float) -> float:
    """Return the least float64 of few bits that is not below a value."""
    bits = np.float64(value).view(np.uint64)
    cut = bits >> _SPARED << _SPARED
    if cut != bits and value > 0:
        cut += np.uint64(1) << _SPARED
    return float(cut.view(np.float64))


def _texts(array: pa.Array) -> ColumnBounds | None:
    n_nulls = array.null_count
    if types.is_dictionary(array.type):
        array = array.dictionary.take(pc.unique(array.indices).drop_null())
    array = array.cast(pa.large_binary())
    found = pc.min_max(array)
    if found["min"].as_py() is None:  # nulls of a dictionary's values
        return None
    words = pc.unique(array).drop_null()
    if len(words) <= MOST_WORDS:
        values = sorted(words.to_pylist())
        if max(map(len, values)) <= MOST_TEXT_BYTES:
            return ColumnBounds(n_nulls, values[0], values[-1], tuple(values))
    return _cut(n_nulls, found["min"].as_py(), found["max"].as_py())


def _cut(n_nulls: int, low: bytes, high: bytes) -> ColumnBounds | None:
    """Round text to few bytes, down and up."""
    if len(high) > MOST_TEXT_BYTES:
        high = high[:MOST_TEXT_BYTES].rstrip(b"\xff")
        if not high:
            return None
        high = high[:-1] + bytes([high[-1] + 1])
    return ColumnBounds(n_nulls, low[:MOST_TEXT_BYTES], high)
