"""Counts of values: the same in whatever order rows come, and never more than fit."""

from __future__ import annotations

from collections import Counter
from functools import reduce

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.inputs import ColumnCounts, ValueCounts
from ae_pipeline.inputs.counts import _MOST_CHARACTERS, _MOST_VALUES

Words = st.lists(st.none() | st.sampled_from(["", "a", "b", "é"]), max_size=9)


def merged(*parts: ValueCounts) -> ValueCounts:
    """The counts of the rows of all parts."""
    return reduce(ValueCounts.merge, parts, ValueCounts.none())


@given(st.lists(Words, max_size=4), st.randoms(use_true_random=False))
def test_merging_in_any_order(parts: list[list[str | None]], random: object) -> None:
    """Parts merge to the counts of all rows together, whichever comes first."""
    whole = [value for part in parts for value in part]
    shuffled = [ValueCounts.of(pa.array(part, pa.string())) for part in parts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = merged(*shuffled)
    assert found == ValueCounts.of(pa.array(whole, pa.string())) == merged(*shuffled[::-1])
    assert found.counts == Counter(value for value in whole if value is not None)
    assert (found.n_rows, found.n_nulls) == (len(whole), whole.count(None))
    assert found.n_distinct == len({*whole} - {None})


@pytest.mark.parametrize("cut", [1, 5, _MOST_VALUES, _MOST_VALUES + 1])
def test_too_many_values(cut: int) -> None:
    """One value too many, in one part or two and in any order, and none are kept."""
    column = pa.array(range(_MOST_VALUES + 1))
    parts = [ValueCounts.of(column.slice(0, cut)), ValueCounts.of(column.slice(cut))]
    again = ValueCounts.of(column.slice(0, 3))
    for order in (parts, parts[::-1], [again, *parts], [*parts, again]):
        found = merged(*order)
        assert (found.counts, found.n_distinct, found.frequent()) == (None, None, [])
    assert merged(*parts).n_rows == _MOST_VALUES + 1
    assert ValueCounts.of(column.slice(1)).n_distinct == _MOST_VALUES


def test_long_text() -> None:
    """Few but huge values are not kept either."""
    halves = [pa.array([letter * (_MOST_CHARACTERS // 2 + 1)]) for letter in "ab"]
    parts = [ValueCounts.of(half) for half in halves]
    assert [part.n_distinct for part in parts] == [1, 1]
    assert merged(*parts).counts is None
    assert ValueCounts.of(pa.concat_arrays(halves)).counts is None


def test_text_that_is_not_utf8() -> None:
    """Bytes that are no text cannot be the values of a category."""
    column = pa.array([b"\xff", None]).view(pa.string())
    assert ValueCounts.of(column) == ValueCounts(2, 1, None)


def test_frequent_first() -> None:
    """The most frequent come first, equal ones in a fixed order."""
    found = ValueCounts.of(pa.array(["b", "a", "c", "c", None]))
    assert found.frequent() == [("c", 2), ("a", 1), ("b", 1)]


def test_columns_side_by_side() -> None:
    """Each column has counts of its own, dictionaries those of their values."""
    words = pa.array(["a", "a", None]).dictionary_encode()
    records = pa.record_batch({"x": words, "y": pa.array([True, False, True])})
    found = ColumnCounts.of(records, ["y", "x"]).merge(ColumnCounts.empty(2))
    assert [one.counts for one in found.columns] == [{True: 2, False: 1}, {"a": 2}]
