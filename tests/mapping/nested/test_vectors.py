"""Vectors of floats as streams."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.nested.vectors import VectorMapping
from tests.support.mapped import check_round_trip, fit_and_check

NUMBERS = {
    pa.float16(): np.float16,
    pa.float32(): np.float32,
    pa.float64(): np.float64,
}


@pytest.mark.parametrize("number", NUMBERS, ids=str)
@pytest.mark.parametrize("by_place", [False, True])
@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.floats(width=16) | st.none(), min_size=3, max_size=3) | st.none()))
def test_vectors_come_back(
    number: pa.DataType, by_place: bool, rows: list[list[float | None] | None]
) -> None:
    """Vectors come back bit for bit, null ones and null numbers included."""
    array = pa.array(rows, pa.list_(number, 3))
    for has_nulls in (False, True):
        check_round_trip(VectorMapping("a", array.type, has_nulls, by_place), array[1:])


def test_embeddings() -> None:
    """Numbers without relations are streams of vectors, in fewer bytes than they have."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(500, 16)).astype(np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    array = pa.FixedSizeListArray.from_arrays(pa.array(table.reshape(-1)), 16)
    mapping = fit_and_check(array)
    assert isinstance(mapping, VectorMapping)
    assert len(mapping.split(array).side) < 0.95 * table.nbytes


@given(st.binary(max_size=40))
def test_forged_sides(side: bytes) -> None:
    """Any side is read or refused with a ValueError."""
    for by_place in (False, True):
        mapping = VectorMapping("a", pa.list_(pa.float32(), 2), False, by_place)
        with suppress(ValueError):
            assert len(mapping.join({}, side, False, 3)) == 3
