"""Strategies for plain numbers and arrays of them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

#: Every type of numbers.
KINDS = [
    *(np.dtype(name) for name in ("f2", "f4", "f8")),
    *(np.dtype(f"{sign}{width}") for sign in "iu" for width in (1, 2, 4, 8)),
]


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


def typed_values(kind: np.dtype) -> st.SearchStrategy[np.ndarray]:
    """Values over the whole range of a type, and small ones."""
    if kind.kind == "f":
        limits = np.finfo(kind)
        extremes = [limits.max, limits.min, limits.tiny, limits.smallest_subnormal, -0.0, np.nan]
        value = st.floats(width=8 * kind.itemsize) | st.sampled_from([float(v) for v in extremes])
    else:
        low, high = int(np.iinfo(kind).min), int(np.iinfo(kind).max)
        value = st.integers(low, high) | st.sampled_from([low, high, 0])
    return st.lists(value | st.integers(0, 100), max_size=20).map(lambda v: np.array(v, kind))


@st.composite
def reconstructions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source, reconstruction and mismatch counts of the same shape."""
    source = draw(blocks_of_values())
    value = st.floats(-1e6, 1e6) | st.just(np.nan)
    reconstruction = draw(st_numpy.arrays(np.float64, source.shape, elements=value))
    counts = st_numpy.arrays(np.int64, len(source), elements=st.integers(0, 9))
    return source, reconstruction, draw(counts)


def number_bits(kind: np.dtype) -> st.SearchStrategy[np.ndarray]:
    """Any bits at all, so every NaN, both zeros, subnormals and infinities."""
    pattern = st.integers(0, 2 ** (8 * kind.itemsize) - 1)
    return st.lists(pattern, max_size=40).map(
        lambda patterns: np.array(patterns, f"u{kind.itemsize}").view(kind)
    )
