"""Ways to store a column beside those of its own codec, and the smallest of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ae_pipeline.codec.archive.column import Stored
from ae_pipeline.coding import LinearPrediction, Method, pack_contexts, pack_integers

_UNLIMITED = 1 << 62


def linear_ways(
    direct: Stored,
    prediction: LinearPrediction,
    known: Sequence[Stored],
    wanted: Collection[Method],
    most_bytes: float,
    *,
    is_quick: bool = False,
) -> list[Stored]:
    """Return residuals of the linear prediction, and contexts if those are smaller.

    Args:
        direct: direct coding of a column; its cells are coded.
        prediction: of the column.
        known: other ways to store it.
        wanted: methods to try.
        most_bytes: what contexts must not exceed.
        is_quick: pack contexts quickly.
    """
    found = []
    if Method.LINEAR_RESIDUALS in wanted:
        found.append(_linear_residuals(direct, prediction))
    if Method.LINEAR_CONTEXTS not in wanted or prediction.context_values is None:
        return found
    sizes = (len(way.streams.main) for way in (*known, *found))
    most = int(min(sizes, default=min(most_bytes, _UNLIMITED)))
    contexts = pack_contexts(direct.cells, prediction.context_values, most, is_quick=is_quick)
    if contexts is not None:
        found.append(with_main(direct, Method.LINEAR_CONTEXTS, contexts))
    return found


def _linear_residuals(direct: Stored, prediction: LinearPrediction) -> Stored:
    cells, base = direct.cells, prediction.base
    residuals = cells - base
    if prediction.follows:
        residuals[1:] -= cells[:-1]
    own = with_main(direct, Method.LINEAR_RESIDUALS, pack_integers(residuals))
    return replace(own, whole=(Method.LINEAR_RESIDUALS, residuals))


def smallest(ways: Sequence[Stored]) -> Stored:
    """Return the way of fewest bytes, the first of them if several are equal."""
    return ways[0] if len(ways) == 1 else min(ways, key=lambda way: way.streams.n_bytes)


def with_main(direct: Stored, method: Method, main: bytes) -> Stored:
    """Return the same cells in another main stream."""
    streams = replace(direct.streams, method=method, main=main)
    return replace(direct, streams=streams, is_packed=True)
