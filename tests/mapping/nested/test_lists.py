"""Lists as lengths and items."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.nested.children import most_items
from ae_pipeline.mapping.subcolumn import Sequence
from tests.support.mapped import check_round_trip, fit_and_check

ROWS = [[1, 2], None, [], [3, None]] * 5
KIND = pa.large_list(pa.int64())


def test_lengths_and_items() -> None:
    """Lengths are a sub-column, and items have one integer per item."""
    array = pa.array(ROWS, KIND)
    split = check_round_trip(fit_and_check(array), array)
    assert split.sequences["a#"].integers.tolist() == [2, 0, 0, 2] * 5
    assert len(split.sequences["a[]"].integers) == 20


def test_lists_of_lists() -> None:
    """The items of inner lists have a space of their own, below that of outer ones."""
    array = pa.array([[["a"], ["b", "c"]], [[]], None] * 4, pa.list_(pa.list_(pa.string())))
    spaces = {one.name: one.space for one in fit_and_check(array).subcolumns}
    assert spaces == {"a?": "", "a#": "", "a[]#": "a#", "a[][]": "a[]#"}


def test_items_of_null_lists_are_ignored() -> None:
    """What a null list covers changes nothing."""
    starts = pa.array([0, 1, 3], pa.int64())
    mask = pa.array([False, True])
    array = pa.LargeListArray.from_arrays(starts, pa.array([1, 2, 3]), mask=mask)
    split = check_round_trip(fit_mapping("a", pa.array(ROWS, KIND), 1.0), array)
    assert split.sequences["a#"].integers.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([-1, 1], "damaged"),
        ([1 << 62, 1 << 62], "damaged"),
        ([most_items(2), 1], "items in 2 lists"),
        ([1, 1], "integer per row"),
        ([1], "length"),
    ],
    ids=["negative", "large", "many", "more than there are", "few"],
)
def test_forged_lengths(lengths: list[int], message: str) -> None:
    """Lengths that claim items which are not there are refused before memory is taken."""
    mapping = fit_mapping("a", pa.array([[1], [2, 5]], KIND), 1.0)
    sequences = {
        "a#": Sequence(np.array(lengths), None),
        "a[]": Sequence(np.zeros(3, np.int64), None),
    }
    with pytest.raises(ValueError, match=message):
        mapping.join(sequences, b"", False, 2)


def test_null_list_with_a_length() -> None:
    """A list that is null has no items."""
    mapping = fit_mapping("a", pa.array(ROWS, KIND), 1.0)
    split = mapping.split(pa.array([None, [1]], KIND))
    sequences = {**split.sequences, "a#": Sequence(np.array([1, 1]), None)}
    with pytest.raises(ValueError, match="null has a length"):
        mapping.join(sequences, split.side, False, 2)
