"""Ways to store a column beside those of its own codec, and the smallest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ae_pipeline.codec.archive.column import Stored
from ae_pipeline.coding import LinearPrediction, Method, pack_contexts, pack_integers


def add_linear_ways(ways: Sequence[Stored], prediction: LinearPrediction) -> list[Stored]:
    """Add residuals of the linear prediction, and contexts if those are smaller.

    Args:
        ways: to store a column, of which direct coding is the first; its cells are coded.
        prediction: of the column.
    """
    direct = ways[0]
    cells, base = direct.cells, prediction.base
    before = np.concatenate([[0], cells[:-1]])[: len(cells)] if prediction.follows else 0
    residuals = cells - base - before
    own = with_main(direct, Method.LINEAR_RESIDUALS, pack_integers(residuals))
    found = [*ways, replace(own, whole=(Method.LINEAR_RESIDUALS, residuals))]
    if prediction.context_values is None:
        return found
    most_bytes = min(len(way.streams.main) for way in found)
    contexts = pack_contexts(cells, prediction.context_values, most_bytes)
    if contexts is not None:
        found.append(with_main(direct, Method.LINEAR_CONTEXTS, contexts))
    return found


def smallest(ways: Sequence[Stored]) -> Stored:
    """Return the way of fewest bytes, the first of them if several are equal."""
    return ways[0] if len(ways) == 1 else min(ways, key=lambda way: way.streams.n_bytes)


def with_main(direct: Stored, method: Method, main: bytes) -> Stored:
    """Return the same cells in another main stream."""
    return replace(direct, streams=replace(direct.streams, method=method, main=main))
