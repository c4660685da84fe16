"""Values of Arrow arrays: compared bit by bit, or within a tolerance."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def raw_values(array: pa.Array) -> np.ndarray:
    """The value buffer of an array, nulls included, not one bit changed."""
    dtype = np.dtype(array.type.to_pandas_dtype())
    if not len(array):
        return np.zeros(0, dtype)
    start = array.offset * dtype.itemsize
    return np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=start)


def bits(values: np.ndarray) -> np.ndarray:
    """Values as unsigned integers, to compare floats bit by bit."""
    return np.ascontiguousarray(values).view(f"u{values.itemsize}")


def assert_keeps_promise(expected: pa.Array, got: pa.Array, tolerance: float) -> None:
    """Nulls and what is not finite come back exactly, all else within the tolerance."""
    assert got.type == expected.type
    got.validate(full=True)
    is_valid = expected.is_valid().to_numpy(zero_copy_only=False)
    np.testing.assert_array_equal(got.is_valid().to_numpy(zero_copy_only=False), is_valid)
    source, decoded = raw_values(expected)[is_valid], raw_values(got)[is_valid]
    is_exact = ~np.isfinite(source) | (tolerance == 0)
    np.testing.assert_array_equal(bits(decoded[is_exact]), bits(source[is_exact]))
    assert_within(source[~is_exact], decoded[~is_exact], tolerance)


def assert_within(source: np.ndarray, decoded: np.ndarray, tolerance: float) -> None:
    """No further off than the tolerance."""
    assert np.isfinite(decoded).all()
    limit = Fraction(tolerance)
    for value, other in zip(source.tolist(), decoded.tolist(), strict=True):
        assert abs(Fraction(value) - Fraction(other)) <= limit, (value, other)


def assert_same_bits(expected: pa.Array, got: pa.Array) -> None:
    """Same type, nulls and values, floats bit by bit however deep they lie."""
    assert got.type == expected.type
    assert got.is_null().equals(expected.is_null())
    if pa.types.is_dictionary(expected.type):
        assert_same_bits(expected.dictionary_decode(), got.dictionary_decode())
    elif pa.types.is_struct(expected.type):
        for theirs, ours in zip(expected.flatten(), got.flatten(), strict=True):
            assert_same_bits(theirs, ours)
    elif pa.types.is_map(expected.type):
        as_list = pa.list_(expected.type.field(0))
        assert_same_bits(expected.cast(as_list), got.cast(as_list))
    elif pa.types.is_nested(expected.type):
        assert pc.list_value_length(got).equals(pc.list_value_length(expected))
        assert_same_bits(pc.list_flatten(expected), pc.list_flatten(got))
    elif pa.types.is_floating(expected.type):
        valid = expected.is_valid().to_numpy(zero_copy_only=False)
        np.testing.assert_array_equal(
            bits(raw_values(got)[valid]), bits(raw_values(expected)[valid])
        )
    else:
        assert got.equals(expected)
