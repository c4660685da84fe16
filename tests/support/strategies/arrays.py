"""Strategies for Arrow arrays of every numeric type, with everything that real ones hold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tests.support.data.tables import FLOATS, INTEGERS


def float_arrays(kind: pa.DataType, max_size: int = 40) -> st.SearchStrategy[pa.Array]:
    """Floats of one width with nulls, NaN, infinities, subnormals, extremes and both zeros."""
    dtype = np.dtype(kind.to_pandas_dtype())
    limits = np.finfo(dtype)
    extremes = [limits.max, limits.min, limits.tiny, limits.smallest_subnormal, -0.0]
    value = st.one_of(
        st.none(),
        st.floats(width=8 * dtype.itemsize),
        st.sampled_from([float(extreme) for extreme in extremes]),
        st.just(1.0),  # constant stretches
    )
    return st.lists(value, max_size=max_size).map(
        lambda values: pa.array(
            np.array([0.0 if v is None else v for v in values], dtype),
            kind,
            mask=np.array([v is None for v in values], bool),
        )
    )


def integer_arrays(kind: pa.DataType, max_size: int = 40) -> st.SearchStrategy[pa.Array]:
    """Integers of one type over its whole range, with nulls."""
    limits = np.iinfo(kind.to_pandas_dtype())
    low, high = int(limits.min), int(limits.max)
    value = st.one_of(
        st.none(), st.integers(low, high), st.sampled_from([low, high]), st.integers(0, 100)
    )
    return st.lists(value, max_size=max_size).map(lambda values: pa.array(values, kind))


def numeric_arrays(max_size: int = 40) -> st.SearchStrategy[pa.Array]:
    """Arrays of any numeric type, half of them slices of longer ones."""
    whole = st.one_of(
        *(float_arrays(kind, max_size) for kind in FLOATS),
        *(integer_arrays(kind, max_size) for kind in INTEGERS),
    )
    return st.one_of(whole, whole.flatmap(_slices))


def _slices(array: pa.Array) -> st.SearchStrategy[pa.Array]:
    bounds = st.tuples(st.integers(0, len(array)), st.integers(0, len(array)))
    return bounds.map(lambda pair: array.slice(min(pair), abs(pair[0] - pair[1])))


def bit_arrays(kind: pa.DataType) -> st.SearchStrategy[pa.Array]:
    """Any bits, so every NaN, with nulls over values that are still there, sliced anywhere."""
    dtype = np.dtype(kind.to_pandas_dtype())
    pattern = st.integers(0, 2 ** (8 * dtype.itemsize) - 1)
    rows = st.lists(st.tuples(pattern, st.booleans()), max_size=30)
    return st.tuples(rows, st.integers(0, 9)).map(lambda drawn: _from_bits(kind, *drawn))


def _from_bits(kind: pa.DataType, rows: list[tuple[int, bool]], offset: int) -> pa.Array:
    width = np.dtype(kind.to_pandas_dtype()).itemsize
    patterns = np.array([pattern for pattern, _ in rows], f"u{width}")
    validity = np.packbits(np.array([v for _, v in rows], bool), bitorder="little")
    buffers = [pa.py_buffer(validity.tobytes()), pa.py_buffer(patterns.tobytes())]
    return pa.Array.from_buffers(kind, len(rows), buffers).slice(min(offset, len(rows)))
