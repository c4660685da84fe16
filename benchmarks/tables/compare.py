"""Equality of Arrow columns bit for bit, and the errors of those that may differ.

Written with Arrow and numpy alone, so that a mistake in the library cannot hide behind itself.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Allowance for the rounding of a promise that is stored as a decimal number.
_HAIR = 1e-9


def n_different(source: pa.Array, decoded: pa.Array) -> int:
    """Return how many values differ in any bit, or in being null; NaNs by their payload.

    A format may name a type differently, such as a view of strings, but it may not lose any of it.
    """
    source, decoded = _plain(source), _plain(decoded)
    if len(source) != len(decoded):
        return max(len(source), len(decoded))
    try:
        decoded = decoded if decoded.type == source.type else decoded.cast(source.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return max(len(source), 1)
    nulls = _flags(source.is_null()) != _flags(decoded.is_null())
    if nulls.any():
        return int(nulls.sum())
    return _n_different_values(_without_nulls(source), _without_nulls(decoded))


def worst_error(source: pa.Array, decoded: pa.Array, tolerance: float) -> float:
    """Return the largest error in tolerances; infinite if nulls, NaNs or infinities differ."""
    source, decoded = _plain(source), _plain(decoded)
    while pa.types.is_fixed_size_list(source.type) and source.type == decoded.type:
        if n_different(source.is_null(), decoded.is_null()):
            return np.inf
        source, decoded = source.flatten(), decoded.flatten()
    if source.type != decoded.type or n_different(source.is_null(), decoded.is_null()):
        return np.inf
    before, after = (
        array.drop_null().to_numpy(zero_copy_only=False) for array in (source, decoded)
    )
    is_finite = np.isfinite(before)
    if not np.array_equal(_bits(before[~is_finite]), _bits(after[~is_finite])):
        return np.inf
    errors = np.abs(before[is_finite].astype(np.longdouble) - after[is_finite])
    worst = float(errors.max(initial=0.0)) / tolerance
    return 1.0 if 1.0 < worst <= 1.0 + _HAIR else worst


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _plain(array: pa.Array) -> pa.Array:
    """Return the values that dictionaries and extension types stand for."""
    while isinstance(array, pa.DictionaryArray | pa.ExtensionArray):
        is_dictionary = isinstance(array, pa.DictionaryArray)
        array = array.dictionary_decode() if is_dictionary else array.storage
    return array


def _n_different_values(source: pa.Array, decoded: pa.Array) -> int:
    """Compare two arrays of one type and length, without nulls at this level."""
    kind = source.type
    if pa.types.is_null(kind) or not len(source):
        return 0
    if pa.types.is_nested(kind):
        return _n_different_nested(source, decoded)
    if pa.types.is_floating(kind):
        bits = [_bits(array.to_numpy(zero_copy_only=False)) for array in (source, decoded)]
        return int((bits[0] != bits[1]).sum())
    try:
        return int(pc.sum(pc.not_equal(source, decoded)).as_py() or 0)
    except pa.ArrowNotImplementedError:
        values = zip(source.to_pylist(), decoded.to_pylist(), strict=True)
        return sum(before != after for before, after in values)


def _n_different_nested(source: pa.Array, decoded: pa.Array) -> int:
    kind = source.type
    if pa.types.is_struct(kind):
        pairs = zip(source.flatten(), decoded.flatten(), strict=True)
        return sum(n_different(*pair) for pair in pairs)
    if not pa.types.is_fixed_size_list(kind):
        lengths = [np.diff(array.offsets.to_numpy()) for array in (source, decoded)]
        if (lengths[0] != lengths[1]).any():
            return int((lengths[0] != lengths[1]).sum())
    if pa.types.is_map(kind):
        return n_different(source.keys, decoded.keys) + n_different(source.items, decoded.items)
    return n_different(source.flatten(), decoded.flatten())


def _without_nulls(array: pa.Array) -> pa.Array:
    """Return a copy without nulls, whose offsets and children start at its first row."""
    return array.take(pa.array(np.flatnonzero(~_flags(array.is_null()))))


def _flags(flags: pa.BooleanArray) -> np.ndarray:
    return np.asarray(flags.to_numpy(zero_copy_only=False), dtype=bool)


def _bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")
