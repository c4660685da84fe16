"""Streams stand for Arrow columns and give them back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.tables.compare import n_different
from benchmarks.tables.formats.streams import (
    from_streams,
    from_text_parts,
    text_parts,
    to_streams,
)
from benchmarks.tables.random_tables import DRAWN

_WITHOUT_STREAMS = {"map", "null", "fixed binary", "float16"}


@given(
    st.sampled_from(sorted({*DRAWN} - _WITHOUT_STREAMS)),
    st.integers(0, 1 << 32),
    st.integers(0, 40),
    st.booleans(),
)
def test_columns_come_back(name: str, seed: int, n_rows: int, has_nulls: bool) -> None:
    """Every type that streams can stand for comes back bit for bit, with its nulls."""
    random = np.random.default_rng(seed)
    column = DRAWN[name](random, n_rows)
    if has_nulls:
        column = column.take(pa.array(np.arange(n_rows), mask=random.random(n_rows) < 0.3))
    decoded = from_streams(column.type, n_rows, iter(to_streams(column)))
    decoded.validate(full=True)
    assert decoded.type == column.type
    assert n_different(column, decoded) == 0


@pytest.mark.parametrize("name", ["map", "fixed binary"])
def test_other_types_are_refused(name: str) -> None:
    """A type without streams is refused, so that its column is stored as Parquet."""
    with pytest.raises(TypeError, match="no stream"):
        to_streams(DRAWN[name](np.random.default_rng(0), 3))


@given(st.lists(st.binary(max_size=9)))
def test_texts_come_back(texts: list[bytes]) -> None:
    """Lengths and joined texts are all that there is to a column of texts."""
    array = pa.array(texts, pa.large_binary())
    assert from_text_parts(*text_parts(array)).equals(array)
