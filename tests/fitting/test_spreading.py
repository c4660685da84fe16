"""Evenly spaced samples of fragments and row groups."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.dataset import Fragment, RowGroup
from ae_pipeline.fitting import spread_items, spread_row_groups

FRAGMENT = Fragment(Path("part-0.parquet"), "part-0.parquet", 1)


def groups_of(*n_rows: int) -> list[RowGroup]:
    """Row groups of these sizes."""
    return [RowGroup(FRAGMENT, index, rows) for index, rows in enumerate(n_rows)]


@pytest.mark.parametrize(
    ("n_items", "most", "expected"),
    [
        (0, 3, []),
        (1, 3, [0]),
        (5, 1, [0]),
        (5, 3, [0, 2, 4]),
        (6, 3, [0, 2, 5]),  # ties go to the even place, as `round` has them
        (30, 15, [0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29]),
    ],
)
def test_which_items_are_chosen(n_items: int, most: int, expected: list[int]) -> None:
    """The choice is fixed, since codecs are fitted to it."""
    assert spread_items(range(n_items), most) == expected


@given(st.integers(0, 300), st.integers(1, 300))
def test_items_are_distinct_and_reach_from_end_to_end(n_items: int, most: int) -> None:
    """As many items as asked for, none twice, in order, the first and the last among them."""
    chosen = spread_items(range(n_items), most)
    assert len(chosen) == min(n_items, most)
    assert chosen == sorted(set(chosen))
    assert chosen[:1] == list(range(n_items))[:1]
    assert most == 1 or chosen[-1:] == list(range(n_items))[-1:]


def test_row_groups_hold_about_as_many_rows_as_asked_for() -> None:
    """A third of the rows takes a third of the row groups; all of them fit where the bound does."""
    groups = groups_of(*[100] * 9)
    assert [group.index for group in spread_row_groups(groups, 300)] == [0, 4, 8]
    assert spread_row_groups(groups, 900) == groups
    assert spread_row_groups(groups, None) == groups
    assert spread_row_groups([], None) == []


def test_at_least_one_row_group_is_chosen() -> None:
    """A bound below the first row group's size still gives one to look at."""
    assert spread_row_groups(groups_of(100, 100), 1) == groups_of(100)
