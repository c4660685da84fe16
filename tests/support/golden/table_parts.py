"""Models of sub-columns that are set by hand, for golden tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ae_pipeline.mapping import SubColumn
from ae_pipeline.table import SubColumnModel, TableModel, pack_table
from ae_pipeline.table.model import Bins, Dependence, Previous, Relation, Signal, Tree
from ae_pipeline.table.trees import right_children

_NO_INTEGERS, _NO_CODES = np.zeros(0, np.int64), np.zeros(0, np.uint8)
_LEAF = Tree((), np.array([-1], np.int16), np.zeros(1, np.int64), np.zeros(1, np.int32))


def hand_set_model(
    name: str,
    low: int,
    high: int,
    guesses: tuple[Relation | Dependence | Previous, ...] = (),
    asks: tuple[Signal, int] | None = None,
    *,
    follows: bool = False,
    keys: tuple[str, ...] = (),
) -> SubColumnModel:
    """A model of two bins, the halves of a range.

    Args:
        name: of the sub-column.
        low: of the range, inside.
        high: likewise.
        guesses: best first.
        asks: a signal and the threshold that splits the rows; None for one leaf.
        follows: code the change from the target before.
        keys: rows are sorted by these.
    """
    middle = (low + high) // 2
    bins = Bins(
        np.array([low, middle + 1], np.int64),
        np.array([middle, high], np.int64),
        np.zeros(2, np.int32),
        _NO_INTEGERS,
        _NO_CODES,
    )
    leaf = [*[16] * len(guesses), 8, 6, 1]
    codes = np.array([leaf], np.uint8)
    tree = _LEAF
    if asks is not None:
        tree, codes = _split(*asks), np.array([leaf, [*leaf[:-3], 4, 12, 1]], np.uint8)
    labels = np.zeros(0, np.int32)
    return SubColumnModel(name, keys, None, follows, labels, guesses, bins, tree, codes)


def _split(signal: Signal, threshold: int) -> Tree:
    asks = [0, -1, -1]
    thresholds = np.array([threshold, 0, 0], np.int64)
    rights = np.array(right_children(asks), np.int32)
    return Tree((signal,), np.array(asks, np.int16), thresholds, rights)


def pack_models(
    order: Sequence[str], models: Sequence[SubColumnModel], columns: Sequence[SubColumn]
) -> bytes:
    """Pack models, in coding order."""
    own = {model.name: model for model in models}
    in_order = tuple(own[name] for name in order if name in own)
    return pack_table(TableModel(tuple(order), in_order), tuple(columns))
