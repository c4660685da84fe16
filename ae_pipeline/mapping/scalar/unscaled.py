"""Booleans, integers, times and decimals ↔ 64-bit integers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyarrow import types

from ae_pipeline.mapping.exceptions import Rows
from ae_pipeline.mapping.raw import from_raw, from_words, raw_kind, to_raw, to_words
from ae_pipeline.mapping.subcolumn import Integers

_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS_PER_DAY = 86_400
#: Decimals of so many digits fit 64 bits, whatever they are.
_MOST_DIGITS = 18


def is_unscaled(kind: pa.DataType) -> bool:
    """Whether values of a type are integers, but for a constant factor."""
    is_integer = types.is_boolean(kind) or types.is_integer(kind) or types.is_decimal(kind)
    return is_integer or (types.is_temporal(kind) and not types.is_interval(kind))


def to_int64(present: pa.Array) -> tuple[Integers, Rows | None]:
    """Return values as integers, modulo 2^64, and which do not fit; None if all do.

    A file may hold decimals of more digits than their type has: those do not fit either.
    """
    integers, is_wide = _to_int64(present)
    if not types.is_decimal(present.type):
        return integers, is_wide
    low, high = _bounds(present.type)
    is_out = (integers < low) | (integers > high)
    is_out = is_out if is_wide is None else is_out | is_wide
    return integers, is_out if is_out.any() else None


def _to_int64(present: pa.Array) -> tuple[Integers, Rows | None]:
    kind = present.type
    if types.is_boolean(kind):
        return present.to_numpy(zero_copy_only=False).astype(np.int64), None
    if kind.bit_width <= 64:
        raw = to_raw(present)
        if types.is_unsigned_integer(kind):
            raw = raw.view(f"<u{raw.itemsize}")
        return raw.astype(np.int64), None
    words = to_words(present)
    lowest = np.ascontiguousarray(words[:, 0])
    is_wide = (words[:, 1:] != (lowest >> 63)[:, None]).any(axis=1)
    return lowest, is_wide if is_wide.any() else None


def from_int64(integers: Integers, kind: pa.DataType) -> pa.Array:
    """Invert `to_int64`; ValueError if integers do not fit the type."""
    low, high = _bounds(kind)
    if len(integers) and (integers.min() < low or integers.max() > high):
        raise ValueError(f"integers do not fit {kind}")
    if types.is_boolean(kind):
        return pa.array(integers.astype(bool), kind)
    if kind.bit_width > 64:
        n_words = kind.bit_width // 64
        words = np.repeat((integers >> 63)[:, None], n_words, axis=1)
        words[:, 0] = integers
        return from_words(words, kind)
    return from_raw(integers.astype(raw_kind(kind)), kind)


def _bounds(kind: pa.DataType) -> tuple[int, int]:
    """Return the least and the greatest integer of a type, of those that fit 64 bits."""
    if types.is_boolean(kind):
        return 0, 1
    if types.is_decimal(kind) and kind.precision <= _MOST_DIGITS:
        return 1 - 10**kind.precision, 10**kind.precision - 1
    n_bits = min(kind.bit_width, 64)
    if types.is_unsigned_integer(kind) and n_bits < 64:
        return 0, (1 << n_bits) - 1
    return -(1 << (n_bits - 1)), (1 << (n_bits - 1)) - 1


def places_of(kind: pa.DataType) -> int:
    """Return the decimal places of values of a type."""
    return kind.scale if types.is_decimal(kind) else 0


def seconds_scale(kind: pa.DataType) -> tuple[int, int]:
    """Return units per second of a time, and these units in one unit of its type; else (0, 1)."""
    if types.is_date32(kind):
        return 1, _SECONDS_PER_DAY
    if types.is_date64(kind):
        return _TICKS["ms"], 1
    return (_TICKS[kind.unit], 1) if types.is_temporal(kind) else (0, 1)


def natural_steps(kind: pa.DataType) -> tuple[int, ...]:
    """Return the steps that clocks and calendars suggest for a type, the largest first."""
    ticks, scale = seconds_scale(kind)
    if not ticks or scale > 1:
        return ()
    seconds = [_SECONDS_PER_DAY, 3600, 60, 1]
    parts = [ticks // 1000**power for power in (1, 2) if ticks > 1000**power]
    return (*(ticks * one for one in seconds), *parts)
