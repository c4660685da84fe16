"""The sub-columns of some runs of rows, from which a table model is learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn


@dataclass(frozen=True)
class TableSample:
    """Sub-columns of consecutive rows.

    Args:
        columns: all of them, parents before children.
        sequences: integers of each by name.
        starts: first row of each run, ascending from 0; nothing is known of the row before it.
        item_starts: the same for each space of items, by the name of its lengths.
        share: rows of the archive per row of the sample; they share the model.
        ranked: sub-columns that keep this order among themselves.
        given: sub-columns that cost nothing once others are known, and those others.
    """

    columns: tuple[SubColumn, ...]
    sequences: Mapping[str, Sequence]
    starts: Int64[np.ndarray, "runs"]
    item_starts: Mapping[str, Int64[np.ndarray, "_"]]
    share: float
    ranked: tuple[str, ...] = ()
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
