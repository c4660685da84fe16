"""Contexts: the rows of each leaf of a decision tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from jaxtyping import Int32, Int64

from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import SignalKind, Tree

#: So many rows for each leaf are walked down a tree; more are split node by node.
_WALKED_ROWS = 300

Rows = Int64[np.ndarray, "_"]
#: Signals of the sub-column that is coded, for all rows of a space.
OwnSignals = Mapping[SignalKind, Int64[np.ndarray, "rows"]]


def leaf_places(
    tree: Tree, known: KnownRows, rows: Int64[np.ndarray, "coded"], own: OwnSignals | None = None
) -> list[Int64[np.ndarray, "_"]]:
    """Return, for each leaf, the places among `rows` of the rows that it is the context of.

    Args:
        tree: of contexts.
        known: sub-columns that its signals are made of.
        rows: some of the space's.
        own: signals of the sub-column itself, if its model has a hierarchy.
    """
    leaves = split_rows(tree, signals_of(tree, known, own), rows)
    if len(rows) == known.n_rows and bool((rows[1:] > rows[:-1]).all()):
        return leaves
    places = np.empty(known.n_rows, np.int64)
    places[rows] = np.arange(len(rows))
    return [places[leaf] for leaf in leaves]


def signals_of(
    tree: Tree, known: KnownRows, own: OwnSignals | None = None
) -> list[Int64[np.ndarray, "rows"]]:
    """Return what each signal of a tree says of all rows of a space; nobody may change it."""
    return [
        own[signal.kind] if own and signal.kind in own else known.signal(signal)
        for signal in tree.signals
    ]


class TreeWalk:
    """Finds the leaves of rows; holds what it makes anew for no block.

    Args:
        tree: of contexts.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        #: Leaves of the tree.
        self.n_leaves = len(tree.asks) // 2 + 1

    def leaves(
        self,
        signals: Sequence[Int64[np.ndarray, "rows"]],
        rows: Int64[np.ndarray, "coded"],
    ) -> Int32[np.ndarray, "coded"]:
        """Return the number of each row's leaf.

        Args:
            signals: of all rows of the space, one array for each of the tree's.
            rows: some of them.
        """
        if self.n_leaves == 1:
            return np.zeros(len(rows), np.int32)
        # Walking takes a step for each question to the deepest leaf, splitting one for each node;
        # steps of walking take longer the more rows there are.
        if len(rows) * self._depth < _WALKED_ROWS * (self.n_leaves - 3 * self._depth):
            return self._walk(signals, rows)
        numbers = np.empty(len(signals[0]), np.int32)
        for number, some in enumerate(split_rows(self.tree, signals, rows)):
            numbers[some] = number
        return numbers[rows]

    def _walk(
        self,
        signals: Sequence[Int64[np.ndarray, "rows"]],
        rows: Int64[np.ndarray, "coded"],
    ) -> Int32[np.ndarray, "coded"]:
        tree, places = self.tree, np.arange(len(rows))
        asked = np.array([signal[rows] for signal in signals])
        nodes = np.zeros(len(rows), np.int64)
        for _ in range(self._depth):
            is_right = asked[tree.asks[nodes], places] > tree.thresholds[nodes]
            nodes = np.where(is_right, self._rights[nodes], self._lefts[nodes])
        return self._leaf_numbers[nodes]

    @cached_property
    def _depth(self) -> int:
        depths, deepest = [0], 0
        for ask in self.tree.asks.tolist():
            depth = depths.pop()
            deepest = max(deepest, depth)
            depths += [depth + 1] * (2 * (ask >= 0))
        return deepest

    @cached_property
    def _lefts(self) -> Int64[np.ndarray, "nodes"]:
        """Where a row goes that does not go right; from leaves nowhere."""
        places = np.arange(len(self.tree.asks))
        return np.where(self.tree.asks < 0, places, places + 1)

    @cached_property
    def _rights(self) -> Int64[np.ndarray, "nodes"]:
        return np.where(self.tree.asks < 0, self._lefts, self.tree.rights)

    @cached_property
    def _leaf_numbers(self) -> Int32[np.ndarray, "nodes"]:
        """Leaves up to each node, less one: the number of a leaf."""
        return (np.cumsum(self.tree.asks < 0) - 1).astype(np.int32)


def split_rows(
    tree: Tree, signals: Sequence[Int64[np.ndarray, "rows"]], rows: Int64[np.ndarray, "coded"]
) -> list[Int64[np.ndarray, "_"]]:
    """Return the rows of each leaf, in the order that they are in.

    Args:
        tree: whose nodes are in preorder.
        signals: of all rows of the space, one array for each of the tree's.
        rows: some of them.
    """
    waiting: list[Rows] = []
    leaves = []
    for ask, threshold in zip(tree.asks.tolist(), tree.thresholds, strict=True):
        if ask >= 0:
            # `compress` is five times as fast as an index of booleans.
            is_right = signals[ask][rows] > threshold
            waiting.append(rows.compress(is_right))
            rows = rows.compress(~is_right)
        else:
            leaves.append(rows)
            rows = waiting.pop() if waiting else rows[:0]
    return leaves


def leaf_numbers(
    leaves: Sequence[Int64[np.ndarray, "_"]], n_places: int
) -> Int32[np.ndarray, "coded"]:
    """Return the leaf of each place, given the places of each leaf."""
    numbers = np.empty(n_places, np.int32)
    for number, places in enumerate(leaves):
        numbers[places] = number
    return numbers


def right_children(asks: Sequence[int]) -> list[int]:
    """Return the place of each node's right child, 0 at leaves.

    Raises:
        ValueError: these are not the nodes of one tree in preorder.
    """
    rights, open_nodes = [0] * len(asks), []
    is_complete = False
    for place, ask in enumerate(asks):
        if is_complete:
            raise ValueError("a tree has nodes that hang from none")
        if ask >= 0:
            open_nodes.append(place)
        elif open_nodes:
            rights[open_nodes.pop()] = place + 1
        else:
            is_complete = True
    if not is_complete:
        raise ValueError("a tree lacks nodes")
    return rights


def with_coarse_ranks(tree: Tree) -> Tree:
    """Return the same contexts with ranks that take fewer bytes.

    A rank becomes the number of the signal's thresholds below it, a threshold its place among them.
    """
    signals, thresholds = list(tree.signals), tree.thresholds.copy()
    for number, signal in enumerate(tree.signals):
        if signal.kind == "rank":
            asks_it = tree.asks == number
            edges = np.unique(tree.thresholds[asks_it])
            # Rows without a rank have -1, to the left of all thresholds that ranks have.
            if len(edges) and edges[0] >= 0:
                ranks = np.searchsorted(edges, np.array(signal.numbers, np.int64), side="left")
                signals[number] = replace(signal, numbers=tuple(ranks.tolist()))
                thresholds[asks_it] = np.searchsorted(edges, tree.thresholds[asks_it])
    return replace(tree, signals=tuple(signals), thresholds=thresholds)
