"""Pruning trees once all rows are counted: contexts that do not pay for their table are merged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from ae_pipeline.table.model import Tree
from ae_pipeline.table_fit.contexts.bits import ENTRY_BITS, SPLIT_BITS

Counts = Float64[np.ndarray, "_ tokens"]


def prune(tree: Tree, counts: Counts, held: Counts | None = None) -> tuple[Tree, Counts]:
    """Merge the leaves below a node where that costs less than it saves, from the bottom up.

    Args:
        tree: in preorder.
        counts: of each token in each leaf, in the archive.
        held: the same of rows that the tree was not grown from, in as many rows; they judge the
            frequencies of the others. None to judge by the counts themselves.
    """
    n_nodes = len(tree.asks)
    totals, judges = np.zeros((n_nodes, counts.shape[1])), np.zeros((n_nodes, counts.shape[1]))
    costs = np.zeros(n_nodes)
    is_leaf = tree.asks < 0
    totals[is_leaf] = counts
    judges[is_leaf] = counts if held is None else held
    for node in reversed(range(n_nodes)):
        children = [node + 1, int(tree.rights[node])]
        below = np.inf
        if tree.asks[node] >= 0:
            totals[node], judges[node] = totals[children].sum(axis=0), judges[children].sum(axis=0)
            below = costs[children].sum() + SPLIT_BITS
        alone = _leaf_bits(totals[node], judges[node])
        is_leaf[node] = alone <= below
        costs[node] = min(alone, below)
    return _without_merged(tree, is_leaf, totals)


def _leaf_bits(
    counts: Float64[np.ndarray, "tokens"], judges: Float64[np.ndarray, "tokens"]
) -> float:
    return judged_bits(counts, judges) + ENTRY_BITS * int((counts > 0).sum())


def judged_bits(
    counts: Float64[np.ndarray, "tokens"], judges: Float64[np.ndarray, "tokens"]
) -> float:
    """Return the bits of tokens under the frequencies that others give; unseen ones are dear."""
    total = counts.sum()
    if not total:
        return 24.0 * float(judges.sum())
    shares = np.maximum(counts / total, 2.0**-24)
    return float(-(judges * np.log2(shares)).sum())


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
