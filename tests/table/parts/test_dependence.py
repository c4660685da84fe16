"""Tables of guesses: whichever way takes the fewest bytes, the same table comes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.table.model import Dependence
from ae_pipeline.table.parts.dependence import put_table, take_table
from ae_pipeline.table.parts.number_streams import NumberReader, NumberWriter

KINDS = {"sizes": 10}


def packed(table: Dependence) -> bytes:
    """A table alone."""
    numbers = NumberWriter(KINDS)
    put_table(numbers, table)
    return numbers.to_bytes()


def assert_comes_back(table: Dependence) -> None:
    """Pack a table and compare what is unpacked."""
    numbers = NumberReader(packed(table), KINDS)
    found = take_table(numbers, table.sources)
    numbers.finish()
    assert np.array_equal(found.keys, table.keys)
    assert np.array_equal(found.values, table.values)


INT64 = st.integers(-(1 << 63), (1 << 63) - 1)


@given(st.dictionaries(INT64, INT64, min_size=1), st.sampled_from([("a",), ("a", "b")]))
def test_round_trip(entries: dict[int, int], sources: tuple[str, ...]) -> None:
    """Any keys and values come back."""
    keys = np.array(sorted(entries), np.int64)
    values = np.array([entries[key] for key in keys.tolist()], np.int64)
    assert_comes_back(Dependence(sources, keys, values))


@pytest.mark.parametrize("is_swapped", [False, True])
def test_order_of_sources(is_swapped: bool) -> None:
    """Which of two sub-columns is named first costs next to nothing."""
    generator = np.random.default_rng(0)
    few, many = generator.integers(0, 9, 4000), generator.integers(0, 2000, 4000)
    first, second = (many, few) if is_swapped else (few, many)
    keys = np.unique((first << 20) + second)
    many = keys >> 20 if is_swapped else keys & 0xFFFFF
    few = keys & 0xFFFFF if is_swapped else keys >> 20
    table = Dependence(("a", "b"), keys, many * 2 + few * 1000)
    assert_comes_back(table)
    assert len(packed(table)) < 1.2 * len(keys)
