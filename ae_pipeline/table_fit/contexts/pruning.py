"""Pruning trees once all rows are counted: contexts that do not pay for their table are merged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from ae_pipeline.table.model import Tree
from ae_pipeline.table_fit.contexts.bits import CHANCE_BITS, ENTRY_BITS, SPLIT_BITS, rows_entropy_bits

Counts = Float64[np.ndarray, "leaves tokens"]


def prune(tree: Tree, counts: Counts, share: float) -> tuple[Tree, Counts]:
    """Merge the leaves below a node where that costs less than it saves, from the bottom up.

    Args:
        tree: in preorder.
        counts: of each token in each leaf, in the archive.
        share: rows of the archive that a counted row stands for; all but one are a guess.
    """
    n_nodes = len(tree.asks)
    totals = np.zeros((n_nodes, counts.shape[1]))
    costs = np.zeros(n_nodes)
    totals[np.flatnonzero(tree.asks < 0)] = counts
    is_leaf = tree.asks < 0
    entry_bits = ENTRY_BITS + CHANCE_BITS * (share - 1)
    for node in reversed(range(n_nodes)):
        children = [node + 1, int(tree.rights[node])]
        if tree.asks[node] >= 0:
            totals[node] = totals[children].sum(axis=0)
        alone = _leaf_bits(totals[node], entry_bits)
        below = costs[children].sum() + SPLIT_BITS if tree.asks[node] >= 0 else np.inf
        is_leaf[node] = alone <= below
        costs[node] = min(alone, below)
    return _without_merged(tree, is_leaf, totals)


def _leaf_bits(counts: Float64[np.ndarray, "tokens"], entry_bits: float) -> float:
    return float(rows_entropy_bits(counts[None])[0]) + entry_bits * int((counts > 0).sum())


def _without_merged(
    tree: Tree, is_leaf: np.ndarray, totals: Float64[np.ndarray, "nodes tokens"]
) -> tuple[Tree, Counts]:
    kept: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        kept.append(node)
        if not is_leaf[node]:
            waiting += [int(tree.rights[node]), node + 1]
    number = {node: place for place, node in enumerate(kept)}
    asks = np.where(is_leaf, -1, tree.asks)[kept].astype(np.int16)
    rights = [0 if is_leaf[node] else number[int(tree.rights[node])] for node in kept]
    thresholds = np.where(is_leaf, 0, tree.thresholds)[kept]
    pruned = replace(tree, asks=asks, thresholds=thresholds, rights=np.array(rights, np.int32))
    return pruned, totals[kept][asks < 0]
