"""Bytes of a sub-column without a model."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.coding.entropy import pack_integers
from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table_fit.sample import TableSample

#: Runs have a length of their own each.
Run = Int64[np.ndarray, "_"]


def direct_bytes(sample: TableSample, column: SubColumn) -> int:
    """Return the bytes of all rows of the archive, each run of the sample a block."""
    sequence = sample.sequences[column.name]
    starts = sample.item_starts[column.space] if column.space else sample.starts
    n_bytes = sum(len(pack_integers(part)) for part in _runs(sequence, starts))
    return round(n_bytes * sample.share)


def _runs(sequence: Sequence, starts: Int64[np.ndarray, "runs"]) -> list[Run]:
    integers = np.split(sequence.integers, starts[1:])
    if sequence.live is None:
        return integers
    live = np.split(sequence.live, starts[1:])
    return [part[is_live] for part, is_live in zip(integers, live, strict=True)]
