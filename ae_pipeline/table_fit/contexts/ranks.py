"""Orders of categories by what follows from them, so that one threshold parts many."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.table.model import Signal
from ae_pipeline.table_fit.contexts.bits import rows_entropy_bits
from ae_pipeline.table_fit.space_rows import SpaceRows

_MOST_CATEGORIES = 8192
_MOST_TOKENS = 47
_MOST_LEVELS = 32

Tokens = Int64[np.ndarray, "_"]


def is_rankable(space: SpaceRows, name: str) -> bool:
    """Whether integers may be categories: few, and whole as they stand."""
    column = space.columns[name]
    is_plain = column.role == "category" or column.places == 0
    is_small = space.least(name) >= 0 and 2 < space.largest(name) + 1 <= _MOST_CATEGORIES
    return is_plain and column.family != "bits" and is_small


def rank_signals(
    space: SpaceRows, name: str, values: Tokens, tokens: Tokens, n_tokens: int
) -> list[Signal]:
    """Rank categories by the two main directions in which their tokens differ.

    Args:
        space: holds the sub-column.
        name: of the sub-column.
        values: its signal in some rows.
        tokens: of the same rows.
        n_tokens: how many tokens there are.
    """
    present, places = np.unique(values, return_inverse=True)
    kinds, number = _frequent_tokens(tokens, n_tokens)
    if kinds < 2 or len(present) < 3:
        return []
    counts = np.bincount(places * kinds + number[tokens], minlength=len(present) * kinds)
    table = counts.reshape(-1, kinds).astype(np.float64)
    totals, shares = table.sum(axis=1), table.sum(axis=0) / len(tokens)
    shape = np.sqrt((table + 2 * shares) / (totals[:, None] + 2)) - np.sqrt(shares)
    weighted = np.sqrt(totals)[:, None] * shape
    directions = _main_directions(weighted.T @ weighted)
    n_values = space.largest(name) + 2
    return [
        Signal("rank", (name,), _levels(shape @ direction, totals, present, n_values))
        for direction in directions.T
    ]


def _frequent_tokens(tokens: Tokens, n_tokens: int) -> tuple[int, Int64[np.ndarray, "tokens"]]:
    """Number the most frequent tokens, and all others with one number more."""
    counts = np.bincount(tokens, minlength=n_tokens)
    frequent = np.argsort(-counts, kind="stable")[:_MOST_TOKENS]
    frequent = frequent[counts[frequent] > 0]
    number = np.full(n_tokens, len(frequent), np.int64)
    number[frequent] = np.arange(len(frequent))
    return len(frequent) + int(counts.sum() > counts[frequent].sum()), number


def _levels(
    scores: Float64[np.ndarray, "_"],
    totals: Float64[np.ndarray, "_"],
    present: Int64[np.ndarray, "_"],
    n_values: int,
) -> tuple[int, ...]:
    """Cut categories into levels of as many rows each; those not seen are amid them.

    Levels take fewer bits than ranks, and a tree asks for no more.
    """
    # Sums of floats may differ in their last bits between machines.
    order = np.argsort(np.round(scores, 9), kind="stable")
    middles = np.cumsum(totals[order]) - totals[order] / 2
    levels = np.empty(len(order), np.int64)
    levels[order] = middles * _MOST_LEVELS / totals.sum()
    _, levels = np.unique(levels, return_inverse=True)
    numbers = np.full(n_values, levels.max() // 2)
    numbers[present] = levels
    return tuple(numbers.tolist())


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
        if not 2 <= size <= 64 or values.min() < 0:
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
