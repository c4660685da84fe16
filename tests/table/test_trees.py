"""Trees: only whole ones are read, and coarse ranks keep every context."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.table.model import Signal, Tree
from ae_pipeline.table.trees import (
    TreeWalk,
    leaf_numbers,
    right_children,
    split_rows,
    with_coarse_ranks,
)


@pytest.mark.parametrize("asks", [[], [0], [0, -1], [0, -1, 0, -1], [-1, -1], [0, -1, -1, -1]])
def test_what_is_no_tree(asks: list[int]) -> None:
    """Nodes are those of one tree."""
    with pytest.raises(ValueError, match="a tree"):
        right_children(asks)


def test_right_children() -> None:
    """A right child comes after all that hangs from the left one."""
    assert right_children([0, 1, -1, -1, 0, -1, -1]) == [4, 3, 0, 0, 6, 0, 0]


@given(
    st.lists(st.integers(-1, 40), min_size=1, max_size=30),
    st.lists(st.integers(-1, 41), min_size=1, max_size=5),
)
def test_coarse_ranks(ranks: list[int], thresholds: list[int]) -> None:
    """Ranks that count the thresholds below them lead to the same leaves."""
    asks = [0] * len(thresholds) + [-1] * (len(thresholds) + 1)
    nodes = np.array(thresholds + [0] * (len(thresholds) + 1), np.int64)
    rights = np.array(right_children(asks), np.int32)
    signal = Signal("rank", ("kind",), tuple(ranks))
    tree = Tree((signal,), np.array(asks, np.int16), nodes, rights)
    coarse = with_coarse_ranks(tree)
    values = np.arange(-1, len(ranks) + 1)

    def leaves(tree: Tree) -> list[int]:
        found = np.array([*tree.signals[0].numbers, -1])[values.clip(-1, len(ranks))]
        rows = np.arange(len(found))
        return leaf_numbers(split_rows(tree, [found], rows), len(found)).tolist()

    assert leaves(coarse) == leaves(tree)
    assert max(coarse.signals[0].numbers) <= max(*ranks, 0)


@given(
    st.lists(st.integers(-1, 2), min_size=1, max_size=40),
    st.integers(0, 300),
    st.sampled_from([1, 10_000]),
)
def test_walks(drawn: list[int], n_rows: int, factor: int) -> None:
    """Rows that are walked down a tree come to the leaves that all rows are split into."""
    asks, n_open = [], 1
    for ask in [*drawn, *[-1] * 50]:
        if n_open:
            asks.append(ask)
            n_open += 1 if ask >= 0 else -1
    generator = np.random.default_rng(n_rows)
    kinds = tuple(Signal("value", (name,)) for name in "abc")
    thresholds = generator.integers(-5, 5, len(asks)) * factor
    rights = np.array(right_children(asks), np.int32)
    tree = Tree(kinds, np.array(asks, np.int16), thresholds, rights)
    signals = [generator.integers(-6, 6, n_rows) * factor for _ in kinds]
    rows = generator.permutation(n_rows)[: n_rows // 2]
    expected = np.zeros(n_rows, np.int32)
    for number, some in enumerate(split_rows(tree, signals, rows)):
        expected[some] = number
    walk = TreeWalk(tree)
    assert np.array_equal(walk.leaves(signals, rows), expected[rows])
    assert np.array_equal(walk._walk(signals, rows), expected[rows])
