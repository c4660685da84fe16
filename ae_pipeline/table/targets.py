"""Integers of a sub-column ↔ targets: relabelled, less a prediction, less the target before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int32, Int64

from ae_pipeline.mapping.subcolumn import Live
from ae_pipeline.table.between.levels import Levels, find_levels, neighbours, predict_distances
from ae_pipeline.table.guesses import live_order
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Hierarchy, SubColumnModel

Coded = Int64[np.ndarray, "coded"]
Labels = Int32[np.ndarray, "labels"]


@dataclass(frozen=True)
class CodingOrder:
    """The live rows in the order in which a sub-column is coded.

    Args:
        rows: in this order.
        is_start: in this order, the first row of each run.
    """

    rows: Coded
    is_start: Bool[np.ndarray, "coded"]

    def sort_into(self, ordered: Coded, integers: Int64[np.ndarray, "rows"]) -> None:
        """Fill in integers of all rows of the space, sorted in this order."""
        if self._is_row_order:
            ordered[:] = integers[: len(ordered)]
        else:
            # Faster than an index; no row is clipped.
            integers.take(self.rows, out=ordered, mode="clip")

    @cached_property
    def _is_row_order(self) -> bool:
        return np.array_equal(self.rows, np.arange(len(self.rows)))

    @cached_property
    def levels(self) -> Levels:
        """Levels and neighbours of the rows, if they are coded in a hierarchy."""
        return find_levels(self.is_start)

    @cached_property
    def by_level(self) -> CodingOrder:
        """The rows as they are read in a hierarchy."""
        return CodingOrder(self.rows[self.levels.order], self.is_start[self.levels.order])


@dataclass(frozen=True)
class Decoded:
    """The rows of a sub-column in coding order, as they were read.

    Args:
        targets: of rows that are neither fixed nor repeated.
        fixed: integers of the rows that a guess from other sub-columns is right about.
        is_fixed: those rows.
        is_repeated: rows with the integer before.
    """

    targets: Coded
    fixed: Coded
    is_fixed: Bool[np.ndarray, "coded"]
    is_repeated: Bool[np.ndarray, "coded"]


def coding_order(keys: tuple[str, ...], known: KnownRows, live: Live) -> CodingOrder:
    """Return the live rows sorted by keys, run by run; nobody may change them."""
    # Most sub-columns of a block are coded in the order of another one.
    key = keys, None if live is None else np.packbits(live).tobytes()
    return known.once(key, CodingOrder, lambda: _sorted(keys, known, live))


def _sorted(keys: tuple[str, ...], known: KnownRows, live: Live) -> CodingOrder:
    rows, is_first = live_order(known.order(keys), live)
    if keys:
        runs = np.cumsum(known.is_start)[rows]
        is_first = np.ones(len(rows), bool)
        is_first[1:] = runs[1:] != runs[:-1]
    return CodingOrder(rows, is_first)


def targets_of(
    model: SubColumnModel, known: KnownRows, order: CodingOrder, integers: Int64[np.ndarray, "rows"]
) -> Coded:
    """Return the target of each row in coding order; bins and contexts of the model do not matter.

    Args:
        model: of the sub-column.
        known: sub-columns before it.
        order: of its rows.
        integers: of all rows of the space.
    """
    targets = relabelled(model.labels, integers[order.rows])
    if model.hierarchy is not None:
        return _distances(model, model.hierarchy, known, order, targets)
    if model.base is not None:
        targets = targets - known.linear(model.base)[order.rows]
    if not model.follows or not len(targets):
        return targets
    changes = targets.copy()
    changes[1:] -= np.where(order.is_start[1:], 0, targets[:-1])
    return changes


def _distances(
    model: SubColumnModel, hierarchy: Hierarchy, known: KnownRows, order: CodingOrder, labels: Coded
) -> Coded:
    """Take the mean of the neighbours off, and the prediction of the distance from it."""
    if not hierarchy.has_distances:
        return labels
    targets = labels - neighbours(labels, order.levels, hierarchy.middle).mean
    if model.base is not None:
        targets -= predict_distances(model.base, known, order.rows, order.levels)
    return targets


def integers_of(
    model: SubColumnModel, known: KnownRows, order: CodingOrder, decoded: Decoded
) -> Coded:
    """Return the integers in coding order, those that are repeated excepted if none `follows`."""
    predicted = np.zeros(len(order.rows), np.int64)
    if model.base is not None:
        predicted = known.linear(model.base)[order.rows]
    if model.follows:
        labels = _summed(model, predicted, order, decoded)
    else:
        labels = decoded.targets + predicted
    return np.where(decoded.is_fixed, decoded.fixed, unlabelled(model.labels, labels))


def _summed(model: SubColumnModel, predicted: Coded, order: CodingOrder, decoded: Decoded) -> Coded:
    """Add up changes from the rows on that do not depend on the row before."""
    is_anchor = order.is_start | decoded.is_fixed
    anchors = np.where(
        decoded.is_fixed, relabelled(model.labels, decoded.fixed), decoded.targets + predicted
    )
    changes = decoded.targets + np.diff(predicted, prepend=predicted[:1])
    totals = np.cumsum(np.where(is_anchor | decoded.is_repeated, 0, changes))
    last = np.maximum.accumulate(np.where(is_anchor, np.arange(len(anchors)), 0))
    return anchors[last] + totals - totals[last]


def relabelled(labels: Labels, integers: Coded) -> Coded:
    """Return the labels of integers; those beyond the labels stay as they are."""
    if not len(labels):
        return integers
    has_label = (integers >= 0) & (integers < len(labels))
    return np.where(has_label, labels[np.where(has_label, integers, 0)], integers)


def unlabelled(labels: Labels, labelled: Coded) -> Coded:
    """Invert `relabelled`."""
    inverse = np.empty_like(labels)
    inverse[labels] = np.arange(len(labels), dtype=np.int32)
    return relabelled(inverse, labelled)
