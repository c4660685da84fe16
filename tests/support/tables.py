"""Small tables, and strategies for numeric columns with everything that real ones hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ae_pipeline.dataset import Fragment

FLOATS = (pa.float16(), pa.float32(), pa.float64())
INTEGERS = (
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
)


def numbers_table(n_rows: int, seed: int = 0) -> pa.Table:
    """A key, two dependent floats and a word."""
    values = np.random.default_rng(seed).normal(size=n_rows)
    return pa.table(
        {
            "key": pa.array(range(n_rows), pa.int64()),
            "a": values,
            "b": (2 * values + 1).astype(np.float32),
            "word": pa.array([f"é{row % 5}" for row in range(n_rows)], pa.string()),
        }
    )


def write_fragment(path: Path, table: pa.Table, **options: object) -> Fragment:
    """Write one Parquet file and describe it as its dataset's only fragment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return fragment_at(path)


def fragment_at(path: Path) -> Fragment:
    """A file that is there, whatever it holds."""
    return Fragment(path, path.name, path.stat().st_size)


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


def blocks_of_values(
    max_features: int = 4, max_rows: int = 40, magnitude: float = 1e6
) -> st.SearchStrategy[np.ndarray]:
    """[features, rows] float64, finite or NaN; no rows, one row and constant columns included."""
    value = st.one_of(
        st.floats(-magnitude, magnitude), st.just(np.nan), st.just(-3.0), st.just(0.1)
    )
    shape = st.tuples(st.integers(1, max_features), st.integers(0, max_rows))
    return shape.flatmap(lambda shape: st_numpy.arrays(np.float64, shape, elements=value))


def _slices(array: pa.Array) -> st.SearchStrategy[pa.Array]:
    bounds = st.tuples(st.integers(0, len(array)), st.integers(0, len(array)))
    return bounds.map(lambda pair: array.slice(min(pair), abs(pair[0] - pair[1])))
