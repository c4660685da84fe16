"""The model of each sub-column: predictions, bins, contexts and their frequencies.

Plain data; `docs/format.md` says what it means and how it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Int16, Int32, Int64, UInt8

SignalKind = Literal[
    "value",
    "lag",
    "cycle",
    "rank",
    "since",
    "till",
    "linear",
    "first",
    "left",
    "right",
    "gap",
    "mean",
    "level",
    "bend",
]
#: All of them; files number them in this order.
SIGNAL_KINDS: tuple[SignalKind, ...] = get_args(SignalKind)


@dataclass(frozen=True)
class Term:
    """A weighted integer of a known sub-column, of the same row or of the one before.

    Args:
        source: name of the sub-column.
        weight: factor.
        is_lag: take the row before.
        fill: integer of rows that have none.
    """

    source: str
    weight: int
    is_lag: bool = False
    fill: int = 0


@dataclass(frozen=True)
class Linear:
    """A prediction in integers, `(bias + sum(weight * term) + half) >> shift`, modulo 2^64."""

    bias: int
    shift: int
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Signal:
    """One integer per row from known sub-columns; trees ask for it.

    Args:
        kind: value: q + 1, or 0 where there is none. lag: the value in the row before.
            cycle: `(offset + step * q) // numbers[0] % numbers[1]`, -1 where there is none.
            rank: `numbers[value]`, -1 beyond. since, till: rows since and till the value changes,
            at most 31. linear: the prediction. first: 1 in the first row of its group, the rows
            with equal integers of all `sources`. left, right, gap, mean, level, bend: of the
            neighbours that the row has in a hierarchy.
        sources: names of sub-columns; none for `linear` and in a hierarchy.
        numbers: what the kind needs.
        linear: of kind `linear`.
    """

    kind: SignalKind
    sources: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    linear: Linear | None = None

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type[Signal], tuple[object, ...]]:
        return Signal, (self.kind, self.sources, self.numbers, self.linear)

    @cached_property
    def _hash(self) -> int:
        # Kept, as ranks are thousands of numbers; other processes hash strings otherwise.
        return hash((self.kind, self.sources, self.numbers, self.linear))

    @cached_property
    def ranks(self) -> Int64[np.ndarray, "ranks"]:
        """The numbers of kind `rank`, and after them that of all values beyond."""
        return np.array([*self.numbers, -1], np.int64)


@dataclass(frozen=True)
class Relation:
    """A guess: `(constant + sum(weight * term)) / divisor`, where that is whole.

    Args:
        constant: summand.
        divisor: at least 1.
        terms: without lags.
        start: least value of a cycle.
        period: of the cycle that the quotient is wrapped into; 0 for none.
    """

    constant: int
    divisor: int
    terms: tuple[Term, ...]
    start: int = 0
    period: int = 0


@dataclass(frozen=True)
class Dependence:
    """A guess: a table from the integers of other sub-columns to this one's.

    Args:
        sources: one or two names.
        keys: ascending; signal values combined, `a * 2^20 + b` of two.
        values: the guess at each key.
    """

    sources: tuple[str, ...]
    keys: Int64[np.ndarray, "entries"]
    values: Int64[np.ndarray, "entries"]


@dataclass(frozen=True)
class Previous:
    """A guess: the integer before, in row order or among rows with equal `keys`."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Neighbour:
    """A guess: the integer of the neighbour on one side, in a hierarchy."""

    is_right: bool


Guess: TypeAlias = Relation | Dependence | Previous | Neighbour


@dataclass(frozen=True)
class Hierarchy:
    """Rows are coded half of them at a time, each between two neighbours known by then.

    Args:
        middle: stands for the neighbours of the first row.
        has_distances: the target is the distance from the mean of the neighbours, not the integer.
    """

    middle: int
    has_distances: bool


@dataclass(frozen=True)
class Bins:
    """Ranges of what is coded; a token names one.

    Args:
        low, high: of each range, both inside, ascending and apart.
        n_inside: listed integers of each range; 0 if all inside are equally likely.
        inside: the integers listed, ascending in each range, range after range.
        inside_codes: their frequency codes.
    """

    low: Int64[np.ndarray, "bins"]
    high: Int64[np.ndarray, "bins"]
    n_inside: Int32[np.ndarray, "bins"]
    inside: Int64[np.ndarray, "listed"]
    inside_codes: UInt8[np.ndarray, "listed"]


@dataclass(frozen=True)
class Tree:
    """A decision tree over signals; its leaves are contexts.

    Nodes are in preorder: the left child follows its parent. A row goes right where its signal is
    above the threshold. Leaves are numbered in the order of the nodes.

    Args:
        signals: that nodes ask for.
        asks: number of the signal of each node, -1 at leaves.
        thresholds: of each node, 0 at leaves.
        rights: place of the right child, 0 at leaves.
    """

    signals: tuple[Signal, ...]
    asks: Int16[np.ndarray, "nodes"]
    thresholds: Int64[np.ndarray, "nodes"]
    rights: Int32[np.ndarray, "nodes"]


@dataclass(frozen=True)
class SubColumnModel:
    """How one sub-column is coded, given those before it.

    What is coded of a row is the first of the guesses that holds, or else its target: the integer,
    relabelled, less the linear prediction, less the target before it if it `follows`. Targets
    outside all bins are escaped. In a hierarchy, distances are less the mean of the neighbours, and
    the prediction is one of distances.

    Args:
        name: of the sub-column.
        keys: rows are sorted by these sub-columns first, stably; empty for row order.
        base: linear prediction.
        follows: code the change from the target before.
        labels: label of each integer from 0, a permutation; empty if integers are not relabelled.
        guesses: best first.
        bins: of the targets.
        tree: of contexts.
        codes: frequency code of each token in each leaf: one per guess, one per bin, then escape.
        hierarchy: of rows, if they are coded in one.
    """

    name: str
    keys: tuple[str, ...]
    base: Linear | None
    follows: bool
    labels: Int32[np.ndarray, "labels"]
    guesses: tuple[Guess, ...]
    bins: Bins
    tree: Tree
    codes: UInt8[np.ndarray, "leaves tokens"]
    hierarchy: Hierarchy | None = None


@dataclass(frozen=True)
class TableModel:
    """Models of sub-columns.

    Args:
        order: names of all sub-columns in coding order; models ask only for those before theirs.
        models: of those that are worth one, in that order.
    """

    order: tuple[str, ...]
    models: tuple[SubColumnModel, ...]
