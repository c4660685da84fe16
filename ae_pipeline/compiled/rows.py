"""Rows in contexts: those of one leaf after those of another, then those of each bin."""

from __future__ import annotations

import numpy as np

from ae_pipeline.compiled.arrays import Model
from ae_pipeline.compiled.bins import read_bin, write_bin
from ae_pipeline.compiled.compiling import Int64s, UInt32s, kernel
from ae_pipeline.compiled.symbols import Stack, Symbols, packed, put, start, take

#: Symbols of a row: its token, and four parts of a number of 64 bits.
_MOST_SYMBOLS = 5


@kernel
def read_rows(stack: Stack, model: Model, signals: Int64s, tokens: Int64s, targets: Int64s) -> None:
    """Read the tokens of all rows, and the targets that bins hold."""
    leaves = np.empty(len(tokens), np.int64)
    for row in range(len(tokens)):
        leaves[row] = leaf_of(model, signals, row)
    start(stack)
    read(stack, model, leaves, tokens, targets)


@kernel
def write_rows(
    model: Model, signals: Int64s, ends: Int64s, tokens: Int64s, targets: Int64s
) -> UInt32s:
    """Return the words of a stream of rows, those up to each of `ends` after those before."""
    n_leaves, n_tokens = model.token_lefts.shape
    most = _MOST_SYMBOLS * len(tokens)
    symbols = Symbols(np.empty(most, np.uint32), np.empty(most, np.uint32), np.zeros(1, np.int64))
    for level in range(len(ends) - 1):
        first, end = ends[level], ends[level + 1]
        leaves = np.empty(end - first, np.int64)
        for place in range(first, end):
            leaves[place - first] = leaf_of(model, signals, place)
        by_leaf, leaf_ends = _grouped(leaves, n_leaves)
        for leaf in range(n_leaves):
            for number in by_leaf[leaf_ends[leaf] : leaf_ends[leaf + 1]]:
                put(symbols, model.token_lefts[leaf], tokens[first + number])
        by_token, token_ends = _grouped(tokens[first:end], n_tokens)
        for bin_number in range(len(model.lows)):
            token = model.n_guesses + bin_number
            inside = by_token[token_ends[token] : token_ends[token + 1]]
            write_bin(symbols, model, bin_number, inside, targets[first:end])
    return packed(symbols)


@kernel
def read(stack: Stack, model: Model, leaves: Int64s, tokens: Int64s, targets: Int64s) -> None:
    """Read the tokens of some rows, leaf by leaf, then their places in bins, bin by bin."""
    n_leaves, n_tokens = model.token_lefts.shape
    by_leaf, leaf_ends = _grouped(leaves, n_leaves)
    for leaf in range(n_leaves):
        lefts = model.token_lefts[leaf]
        for place in by_leaf[leaf_ends[leaf] : leaf_ends[leaf + 1]]:
            tokens[place] = take(stack, lefts)
    by_token, ends = _grouped(tokens, n_tokens)
    for number in range(len(model.lows)):
        token = model.n_guesses + number
        read_bin(stack, model, number, by_token[ends[token] : ends[token + 1]], targets)


@kernel
def leaf_of(model: Model, signals: Int64s, place: int) -> int:
    """Return the leaf of a row."""
    node = 0
    while model.asks[node] >= 0:
        is_right = signals[model.asks[node], place] > model.thresholds[node]
        node = model.rights[node] if is_right else node + 1
    return model.leaves[node]


@kernel
def _grouped(keys: Int64s, n_keys: int) -> tuple[Int64s, Int64s]:
    """Return places sorted by key, stably, and where the places of each key end."""
    ends = np.zeros(n_keys + 1, np.int64)
    for key in keys:
        ends[key + 1] += 1
    for number in range(n_keys):
        ends[number + 1] += ends[number]
    nexts, order = ends.copy(), np.empty(len(keys), np.int64)
    for place, key in enumerate(keys):
        order[nexts[key]] = place
        nexts[key] += 1
    return order, ends
