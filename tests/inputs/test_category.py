"""Categories: the number of each value, what a network sees of it, and the value again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.inputs import UNKNOWN, Category
from tests.support.strategies.learnable import SCALARS, to_array

COUNTED = [
    kind
    for kind in SCALARS
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or "string" in str(kind)
]


def category(*values: str | int | bool, has_null: bool = False) -> Category:
    """Values of equal shares."""
    n = len(values) + has_null
    return Category(values, (1 / n,) * n if n else ())


@pytest.mark.parametrize("kind", COUNTED, ids=str)
@given(st.data())
def test_known_values_round_trip(kind: pa.DataType, data: st.DataObject) -> None:
    """Values with a place come back, nulls are NaN, and all others are unknown."""
    pool = data.draw(st.lists(SCALARS[kind], unique=True, max_size=8))
    n_known = data.draw(st.integers(0, len(pool)))
    values = data.draw(st.lists(st.sampled_from([None, *pool]), max_size=9))
    column = to_array(values, kind)
    one = category(*pool[:n_known])
    numbers = one.read(column)
    expected = [np.nan if v is None else UNKNOWN if v not in pool[:n_known] else 0 for v in values]
    np.testing.assert_array_equal(np.minimum(numbers, 0), expected)
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    is_known = numbers != UNKNOWN
    got = one.write(numbers[is_known], plain)
    assert got.type == plain
    assert got.to_pylist() == [v for v in values if v is None or v in pool[:n_known]]


def test_sliced_and_nulls_in_dictionaries() -> None:
    """A slice is read from its own start, and an entry of a dictionary may be null."""
    one = category("a", "b")
    column = pa.array(["x", "b", None, "a"])
    assert one.read(column.slice(1)).tolist()[::2] == [1.0, 0.0]
    odd = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["b", None]))
    np.testing.assert_array_equal(one.read(odd), [1.0, np.nan, np.nan])


def test_expanded() -> None:
    """A network sees 1 at the value's place less the shares, null at the last, unknown as NaN."""
    one = Category(("a", "b"), (0.5, 0.25, 0.25))
    seen = one.expand(np.array([0.0, 1.0, np.nan, UNKNOWN]))
    expected = np.eye(4, 3) - [0.5, 0.25, 0.25]
    np.testing.assert_array_equal(seen[:3], expected[:3])
    assert np.isnan(seen[3]).all()
    assert np.isnan(category("a").expand(np.array([np.nan]))).all()


@given(st.lists(st.integers(0, 4), max_size=9), st.booleans())
def test_collapsed(places: list[int], has_null: bool) -> None:
    """What was expanded collapses to the same numbers."""
    one = category("a", "b", "c", "d", "e", has_null=has_null)
    numbers = np.array(places, np.float64)
    np.testing.assert_array_equal(one.collapse(one.expand(numbers)), numbers)


def test_null_is_never_the_most_likely() -> None:
    """Null is told by other means: the largest output among the values counts."""
    one = category("a", "b", has_null=True)
    assert one.collapse(np.array([[0, 1, 9]], np.float32)).tolist() == [1.0]


def test_without_values() -> None:
    """Of a column that was all null there is nothing to tell."""
    one = category(has_null=True)
    assert (one.width, one.has_null, one.entropy) == (1, True, 0.0)
    numbers = one.collapse(np.zeros((2, 1), np.float32))
    assert one.write(numbers, pa.bool_()).equals(pa.nulls(2, pa.bool_()))
    assert one.read(pa.array([True, None])).tolist()[0] == UNKNOWN
