"""Orders of categories by what follows from them, so that one threshold parts many."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.table.model import Signal
from ae_pipeline.table_fit.bits import rows_entropy_bits
from ae_pipeline.table_fit.space_rows import SpaceRows

_MOST_CATEGORIES = 8192

Tokens = Int64[np.ndarray, "rows"]


def is_rankable(space: SpaceRows, name: str) -> bool:
    """Whether integers may be categories: few, and whole as they stand."""
    column = space.columns[name]
    is_plain = column.role == "category" or column.places == 0
    return is_plain and column.family != "bits" and 2 < space.largest(name) + 1 <= _MOST_CATEGORIES


def rank_signals(
    space: SpaceRows, name: str, values: Tokens, tokens: Tokens, n_tokens: int
) -> list[Signal]:
    """Rank categories by the first two directions in which their tokens differ.

    Args:
        space: holds the sub-column.
        name: of the sub-column.
        values: its signal in some rows.
        tokens: of the same rows.
        n_tokens: how many tokens there are.
    """
    n_values = space.largest(name) + 2
    counts = np.bincount(values * n_tokens + tokens, minlength=n_values * n_tokens)
    table = counts.reshape(n_values, n_tokens).astype(np.float64)
    table = table[:, table.any(axis=0)]
    totals, shares = table.sum(axis=1), table.sum(axis=0) / len(tokens)
    if table.shape[1] < 2:
        return []
    shape = np.sqrt((table + 2 * shares) / (totals[:, None] + 2)) - np.sqrt(shares)
    weighted = np.sqrt(totals)[:, None] * shape
    directions = _main_directions(weighted.T @ weighted)
    return [Signal("rank", (name,), _ranks(shape @ direction)) for direction in directions.T]


def _main_directions(
    moments: Float64[np.ndarray, "tokens tokens"],
) -> Float64[np.ndarray, "tokens directions"]:
    """Return the two directions of most spread, nearly: by repeated multiplication."""
    strongest = np.argsort(-np.diag(moments), kind="stable")[:2]
    directions = moments[:, strongest]
    for _ in range(12):
        directions, _ = np.linalg.qr(moments @ directions)
    # A rotation that puts the stronger direction first.
    _, rotation = np.linalg.eigh(directions.T @ moments @ directions)
    result: Float64[np.ndarray, "tokens directions"] = directions @ rotation[:, ::-1]
    return result


def _ranks(scores: np.ndarray) -> tuple[int, ...]:
    # Eigenvectors may differ in their last bits and in sign between machines' libraries.
    rounded = np.round(scores, 9)
    order = np.argsort(rounded, kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return tuple(ranks.tolist())


def group_labels(
    space: SpaceRows, names: list[str], integers: Tokens, rows: Tokens
) -> Int64[np.ndarray, "labels"]:
    """Label categories so that those alike are neighbours.

    They are sorted by the most likely value of the small sub-column that tells most of them, and
    by how frequent they are.
    """
    n_values = int(integers.max()) + 1
    likely = np.zeros(n_values, np.int64)
    best = -1.0
    for name in names:
        values = space.known.value(name)[rows]
        size = int(values.max()) + 1
        if not 2 <= size <= 64:
            continue
        counts = np.bincount(integers * size + values, minlength=n_values * size)
        table = counts.reshape(n_values, size)
        gain = float(rows_entropy_bits(table.sum(axis=0)[None])[0] - rows_entropy_bits(table).sum())
        if gain > best:
            best, likely = gain, table.argmax(axis=1)
    frequency = np.bincount(integers, minlength=n_values)
    order = np.lexsort((-frequency, likely))
    labels = np.empty(n_values, np.int64)
    labels[order] = np.arange(n_values)
    return labels
