"""Columns are compared bit for bit, whatever type a format gives them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.tables.compare import n_different, worst_error
from benchmarks.tables.random_tables import DRAWN


@given(st.sampled_from(sorted(DRAWN)), st.integers(0, 1 << 32), st.integers(0, 40))
def test_a_column_equals_itself(name: str, seed: int, n_rows: int) -> None:
    """No value of a column of any type differs from itself, be it NaN, null or nested."""
    column = DRAWN[name](np.random.default_rng(seed), n_rows)
    assert n_different(column, column) == 0
    assert n_different(column, pa.concat_arrays([column.slice(0, 3), column.slice(3)])) == 0


@pytest.mark.parametrize(
    ("source", "decoded"),
    [
        (pa.array([1.0, 0.0]), pa.array([1.0, -0.0])),
        (pa.array([1, None]), pa.array([1, 0])),
        (pa.array(["a", ""]), pa.array(["a", None])),
        (pa.array([[1], [2, 3]]), pa.array([[1, 2], [3]])),
        (pa.array([[1], [2]]), pa.array([[1], [3]])),
        (pa.array([{"x": 1}, {"x": 2}]), pa.array([{"x": 1}, {"x": None}])),
        (pa.array([1, 2]), pa.array([1, 2, 3])),
        (pa.array([b"a"]), pa.array([7])),
    ],
)
def test_each_difference_counts(source: pa.Array, decoded: pa.Array) -> None:
    """A value that differs in its sign, its null, its list or its type is told."""
    assert n_different(source, decoded) > 0


def test_payloads_of_nan_differ() -> None:
    """Two NaNs are equal only if their bits are."""
    bits = np.array([0x7FF8000000000000, 0x7FF8000000000005], np.uint64)
    nans = bits.view(np.float64)
    first, second = (pa.array(nans[[n]], from_pandas=False) for n in range(2))
    assert n_different(first, first) == 0
    assert n_different(first, second) == 1


def test_other_names_of_a_type_are_equal() -> None:
    """Views and dictionaries of strings hold the same values as strings."""
    texts = pa.array(["a", None, "b", "a"])
    assert n_different(texts, texts.cast(pa.string_view())) == 0
    assert n_different(texts, texts.dictionary_encode()) == 0


def test_errors_are_in_tolerances() -> None:
    """The worst error of a column is told in tolerances, and is infinite where a null moved."""
    source = pa.array([1.0, 2.0, None, np.inf])
    assert worst_error(source, pa.array([1.0, 2.5, None, np.inf]), 0.25) == 2.0
    assert worst_error(source, pa.array([1.0, 2.0, 3.0, np.inf]), 0.25) == np.inf
    assert worst_error(source, pa.array([1.0, 2.0, None, 9.0]), 0.25) == np.inf


def test_errors_of_vectors_are_those_of_their_numbers() -> None:
    """A column of vectors is as wrong as the worst number in it."""
    kind = pa.list_(pa.float32(), 2)
    source, decoded = (pa.array([[1, 2], None, [3, last]], kind) for last in (4, 5))
    assert worst_error(source, decoded, 0.5) == 2.0
