"""Levels: every row has neighbours that are known before it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.table.between.levels import find_levels, neighbours


def starts_of(sizes: list[int]) -> np.ndarray:
    """First rows of runs of these sizes."""
    is_start = np.zeros(sum(sizes), bool)
    is_start[np.cumsum([0, *sizes])[:-1]] = True
    return is_start


@given(st.lists(st.integers(1, 70), min_size=1, max_size=4))
def test_neighbours_are_known(sizes: list[int]) -> None:
    """Neighbours lie in the same run at a higher level; only first rows have none."""
    is_start = starts_of(sizes)
    levels, run = find_levels(is_start), np.cumsum(is_start)
    for side in (levels.left, levels.right, levels.far_left, levels.far_right):
        assert np.array_equal(side < 0, is_start)
        has_any = side >= 0
        assert (levels.level[side] > levels.level)[has_any].all()
        assert (run[side] == run)[has_any].all()


@given(st.lists(st.integers(1, 70), min_size=1, max_size=4))
def test_places_of_levels(sizes: list[int]) -> None:
    """Each row has one place, the highest level first, in coding order within a level."""
    levels = find_levels(starts_of(sizes))
    places = levels.places()
    assert sorted(np.concatenate(places).tolist()) == list(range(sum(sizes)))
    assert all((np.diff(some) > 0).all() for some in places)
    firsts = [int(levels.level[some[0]]) for some in places]
    assert firsts == sorted(set(levels.level.tolist()), reverse=True)


def test_levels_of_a_run() -> None:
    """The level of a row is the number of zeros that its place ends in."""
    levels = find_levels(starts_of([7]))
    assert levels.level.tolist() == [3, 0, 1, 0, 2, 0, 1]
    assert levels.left.tolist() == [-1, 0, 0, 2, 0, 4, 4]
    assert levels.right.tolist() == [-1, 2, 4, 4, 0, 6, 4]


def test_means_and_bends() -> None:
    """Means round down; a straight line does not bend; first rows have the middle."""
    levels = find_levels(starts_of([9]))
    found = neighbours(np.arange(9) * 3 - 7, levels, 50)
    assert found.mean.tolist()[:2] == [50, -4]
    assert found.left.tolist()[:2] == [50, -7]
    assert found.right.tolist()[:2] == [50, -1]
    assert found.bend.tolist()[3] == 0
