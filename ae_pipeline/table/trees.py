"""Contexts: the rows of each leaf of a decision tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int32, Int64

from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import SignalKind, Tree

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
    signals = [
        own[signal.kind] if own and signal.kind in own else known.signal(signal)
        for signal in tree.signals
    ]
    leaves = split_rows(tree, signals, rows)
    if len(rows) == known.n_rows and bool((rows[1:] > rows[:-1]).all()):
        return leaves
    places = np.empty(known.n_rows, np.int64)
    places[rows] = np.arange(len(rows))
    return [places[leaf] for leaf in leaves]


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
