"""Fewer rows of a sample: pieces of each run, and the items that belong to them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table_fit.sample import TableSample

Mask = Bool[np.ndarray, "_"]
Rows = Int64[np.ndarray, "_"]

_PIECE_ROWS = 2048


def trim(sample: TableSample, most_rows: int) -> TableSample:
    """Return a sample of at most so many rows of the table, roughly; they stand for as many."""
    first = next((column for column in sample.columns if not column.space), None)
    n_rows = 0 if first is None else len(sample.sequences[first.name].integers)
    if n_rows <= most_rows:
        return sample
    mask, firsts = _spread(sample.starts, n_rows, most_rows / n_rows)
    kept = {"": mask}
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
    return TableSample(
        sample.columns,
        sequences,
        _new_starts(sample.starts, kept[""]),
        starts,
        share,
        sample.ranked,
    )


def _spread(starts: Rows, n_rows: int, share: float) -> tuple[Mask, Rows]:
    """Return which rows are kept, and the first row of each piece that they begin."""
    sizes = np.diff(starts, append=n_rows)
    places = np.arange(n_rows) - np.repeat(starts, sizes)
    pieces = places // _PIECE_ROWS
    # Whole pieces, evenly spread: the first one, and each that brings their share to the next.
    kept = np.floor(pieces * share) > np.floor((pieces - 1) * share)
    is_first = kept & (places % _PIECE_ROWS == 0)
    return kept, np.flatnonzero(is_first)


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
    """Return the places of the first kept rows; runs without any vanish."""
    before = np.concatenate([[0], np.cumsum(kept)])
    return np.unique(before[starts][before[starts] < before[-1]]) if before[-1] else starts[:1]
