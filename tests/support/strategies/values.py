"""Strategies for plain numbers and arrays of them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy


def blocks_of_values(
    max_features: int = 4, max_rows: int = 40, magnitude: float = 1e6
) -> st.SearchStrategy[np.ndarray]:
    """[features, rows] float64, finite or NaN; no rows, one row and constant columns included."""
    value = st.one_of(
        st.floats(-magnitude, magnitude), st.just(np.nan), st.just(-3.0), st.just(0.1)
    )
    shape = st.tuples(st.integers(1, max_features), st.integers(0, max_rows))
    return shape.flatmap(lambda shape: st_numpy.arrays(np.float64, shape, elements=value))


def bit_patterns(dtype: np.dtype) -> st.SearchStrategy[int]:
    """Any bits of a number, its extremes, zeros and NaN with payloads more often than others."""
    n_bits = 8 * dtype.itemsize
    edges = [0, 1, (1 << n_bits) - 1, 1 << (n_bits - 1), (1 << (n_bits - 1)) - 1]
    if dtype.kind == "f":
        floats = [1.0, -1.0, np.inf, -np.inf, np.nan, largest_up_to(dtype, 1e308), 0.1]
        edges += np.array(floats, dtype).view(f"u{dtype.itemsize}").tolist()
    return st.sampled_from(edges) | st.integers(0, (1 << n_bits) - 1)


def largest_up_to(dtype: np.dtype, limit: float) -> float | int:
    """The limit itself, or the largest number of a type that cannot hold it."""
    if dtype.kind == "f":
        return min(limit, float(np.finfo(dtype).max))
    return int(min(limit, np.iinfo(dtype).max))
