"""Growing decision trees of contexts, best split first, on binned signals of sampled rows."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Int16, Int32, Int64, UInt8

from ae_pipeline.table_fit.contexts.bits import (
    CHANCE_BITS,
    ENTRY_BITS,
    SPLIT_BITS,
    rows_entropy_bits,
    x_log_x,
)

#: A context of fewer rows is not split.
_LEAST_ROWS = 8
_LEAST_GAIN_BITS = 1.0


@dataclass(frozen=True)
class BinnedSignal:
    """A signal of the sampled rows, as places between thresholds.

    Args:
        thresholds: ascending; code k is above exactly k of them.
        codes: of each row.
    """

    thresholds: Int64[np.ndarray, "thresholds"]
    codes: UInt8[np.ndarray, "rows"]

    @property
    def size(self) -> int:
        """Number of codes."""
        return len(self.thresholds) + 1


def bin_signal(values: Int64[np.ndarray, "rows"], most: int = 40) -> BinnedSignal:
    """Choose thresholds: between all distinct values, or at quantiles."""
    ascending = np.sort(values)
    is_new = np.concatenate([[True], ascending[1:] != ascending[:-1]])
    distinct = ascending[is_new]
    if len(distinct) > most:
        places = np.arange(1, most) * len(values) // most
        distinct = np.unique(np.concatenate([ascending[places], ascending[-1:]]))
    thresholds = distinct[:-1]
    return BinnedSignal(thresholds, np.searchsorted(thresholds, values).astype(np.uint8))


@dataclass(frozen=True)
class GrownTree:
    """A tree as nodes in preorder; `asks` counts the signals that it was grown from."""

    asks: Int16[np.ndarray, "nodes"]
    thresholds: Int64[np.ndarray, "nodes"]
    rights: Int32[np.ndarray, "nodes"]


@dataclass
class _Node:
    rows: Int64[np.ndarray, "rows"]
    signal: int = -1
    place: int = 0
    children: list[_Node] = field(default_factory=list)


@dataclass(frozen=True)
class _Split:
    gain: float
    signal: int
    place: int


class Grower:
    """Grows one tree.

    Args:
        signals: binned, of the sampled rows.
        tokens: of the same rows.
        scale: rows of the archive that a sampled row stands for.
    """

    def __init__(
        self, signals: list[BinnedSignal], tokens: Int64[np.ndarray, "rows"], scale: float
    ) -> None:
        self._signals = signals
        self._scale = scale
        self._tokens = tokens
        sizes = np.array([signal.size for signal in signals], np.int64)
        self._first = np.cumsum(sizes) - sizes
        self._n_codes = int(sizes.sum())
        self._owner = np.repeat(np.arange(len(signals)), sizes)
        self._flat = np.stack([s.codes for s in signals]) + self._first[:, None].astype(np.int32)
        self._is_last = np.zeros(self._n_codes, bool)
        self._is_last[self._first + sizes - 1] = True

    def grow(self, most_leaves: int) -> GrownTree:
        """Split the leaf that gains most, until none gains or there are enough."""
        root = _Node(np.arange(len(self._tokens)))
        heap: list[tuple[float, int, _Node, _Split]] = []
        n_leaves = 1
        n_made = self._push(heap, root, 0)
        while heap and n_leaves < most_leaves:
            _, _, node, split = heapq.heappop(heap)
            self._divide(node, split)
            for child in node.children:
                n_made = self._push(heap, child, n_made)
            n_leaves += 1
        return self._in_preorder(root)

    def _push(self, heap: list[tuple[float, int, _Node, _Split]], node: _Node, number: int) -> int:
        split = self._best_split(node.rows)
        if split is not None and split.gain > _LEAST_GAIN_BITS:
            heapq.heappush(heap, (-split.gain, number, node, split))
        return number + 1

    def _divide(self, node: _Node, split: _Split) -> None:
        is_right = self._signals[split.signal].codes[node.rows] > split.place
        node.signal, node.place = split.signal, split.place
        node.children = [_Node(node.rows[~is_right]), _Node(node.rows[is_right])]

    def _best_split(self, rows: Int64[np.ndarray, "rows"]) -> _Split | None:
        counts = np.bincount(self._tokens[rows])
        present = np.flatnonzero(counts)
        if len(present) < 2 or len(rows) < _LEAST_ROWS:
            return None
        left, places = self._left_counts(rows, present, counts)
        if not len(places):
            return None
        gains = self._gains(left, counts[present])
        best = int(np.argmax(gains))
        signal = int(self._owner[places[best]])
        return _Split(float(gains[best]), signal, int(places[best] - self._first[signal]))

    def _left_counts(
        self,
        rows: Int64[np.ndarray, "rows"],
        present: Int64[np.ndarray, "present"],
        counts: Int64[np.ndarray, "tokens"],
    ) -> tuple[Int64[np.ndarray, "places present"], Int64[np.ndarray, "places"]]:
        """Tokens left of each threshold that has rows on both sides."""
        number = np.zeros(len(counts), np.int32)
        number[present] = np.arange(len(present))
        size = len(present)
        cells = self._flat[:, rows] * np.int32(size) + number[self._tokens[rows]]
        table = np.bincount(cells.ravel(), minlength=self._n_codes * size).reshape(-1, size)
        occupied = np.flatnonzero(table.any(axis=1))
        owner = self._owner[occupied]
        left = np.cumsum(table[occupied], axis=0)
        left -= owner_rank(owner)[:, None] * counts[present]
        is_split = np.concatenate([owner[1:] == owner[:-1], [False]])
        return left[is_split], occupied[is_split]

    def _gains(
        self, left: Int64[np.ndarray, "places present"], counts: Int64[np.ndarray, "present"]
    ) -> Float64[np.ndarray, "places"]:
        right = counts - left
        bits = rows_entropy_bits(left) + rows_entropy_bits(right)
        before = float(x_log_x(counts.sum()[None])[0] - x_log_x(counts).sum())
        entries = (left > 0).sum(axis=1) + (right > 0).sum(axis=1) - len(counts)
        chance = CHANCE_BITS * self._scale
        saved = (before - bits) * self._scale - (ENTRY_BITS + chance) * entries
        return saved - SPLIT_BITS - chance

    def _in_preorder(self, root: _Node) -> GrownTree:
        asks: list[int] = []
        thresholds: list[int] = []
        rights: list[int] = []
        waiting: list[tuple[_Node, int]] = [(root, -1)]
        while waiting:
            node, parent = waiting.pop()
            if parent >= 0:
                rights[parent] = len(asks)
            number = len(asks)
            is_leaf = not node.children
            asks.append(node.signal)
            rights.append(0)
            thresholds.append(
                0 if is_leaf else int(self._signals[node.signal].thresholds[node.place])
            )
            if not is_leaf:
                waiting += [(node.children[1], number), (node.children[0], -1)]
        return GrownTree(
            np.array(asks, np.int16), np.array(thresholds, np.int64), np.array(rights, np.int32)
        )


def owner_rank(owner: Int64[np.ndarray, "places"]) -> Int64[np.ndarray, "places"]:
    """Number of the signals before the one of each place, of those that occur."""
    is_new = np.concatenate([[False], owner[1:] != owner[:-1]])
    return np.cumsum(is_new)
