"""Fewer rows of a sample: pieces of each run, and the items that belong to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table_fit.sample import TableSample

Mask = Bool[np.ndarray, "_"]
Rows = Int64[np.ndarray, "_"]

_PIECE_ROWS = 2048
_GOLDEN = 0.618


def trim(sample: TableSample, most_rows: int) -> TableSample:
    """Return a sample of at most so many rows of the table, roughly; they stand for as many."""
    first = next((column for column in sample.columns if not column.space), None)
    n_rows = 0 if first is None else len(sample.sequences[first.name].integers)
    if n_rows <= most_rows:
        return sample
    kept = {"": _spread(sample.starts, n_rows, most_rows / n_rows)}
    for column in sample.columns:
        if column.space and column.space not in kept:
            lengths = _lengths(sample, column.space)
            kept[column.space] = np.repeat(kept[_space_of(sample, column.space)], lengths)
    sequences = {
        column.name: _picked(sample.sequences[column.name], kept[column.space])
        for column in sample.columns
    }
    starts = {space: _new_starts(old, kept[space]) for space, old in sample.item_starts.items()}
    share = sample.share * n_rows / int(kept[""].sum())
    return replace(
        sample,
        sequences=sequences,
        starts=_new_starts(sample.starts, kept[""]),
        item_starts=starts,
        share=share,
    )


def _spread(starts: Rows, n_rows: int, share: float) -> Mask:
    """Return which rows are kept."""
    sizes = np.diff(starts, append=n_rows)
    places = np.arange(n_rows) - np.repeat(starts, sizes)
    pieces = places // _PIECE_ROWS
    # Whole pieces, evenly spread, at other places in each run: runs may have times in common.
    phase = np.repeat(np.arange(len(starts)) * _GOLDEN % 1, sizes)
    kept = np.floor((pieces + 1) * share + phase) > np.floor(pieces * share + phase)
    if not kept.any():
        kept = pieces == 0
    return kept


def _column(sample: TableSample, name: str) -> SubColumn:
    return next(column for column in sample.columns if column.name == name)


def _space_of(sample: TableSample, name: str) -> str:
    return _column(sample, name).space


def _lengths(sample: TableSample, name: str) -> Rows:
    column, sequence = _column(sample, name), sample.sequences[name]
    lengths = column.offset + column.step * sequence.integers
    return lengths if sequence.live is None else np.where(sequence.live, lengths, 0)


def _picked(sequence: Sequence, kept: Mask) -> Sequence:
    live = None if sequence.live is None else sequence.live[kept]
    return Sequence(sequence.integers[kept], live)


def _new_starts(starts: Rows, kept: Mask) -> Rows:
    """Return the places of kept rows that begin a run or follow one that is not kept."""
    begins = np.ones(len(kept), bool)
    begins[1:] = ~kept[:-1]
    begins[starts[starts < len(kept)]] = True
    places = np.flatnonzero(begins[kept])
    return places if len(places) else np.zeros(1, np.int64)
