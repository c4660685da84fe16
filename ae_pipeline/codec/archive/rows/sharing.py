"""Let the lanes of a vector column share a stream where theirs would be mostly overhead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ae_pipeline.codec.archive.column import Stored
from ae_pipeline.coding import (
    MOST_SHARED,
    ColumnStreams,
    Method,
    VectorStreams,
    pack_shared,
)

#: Longer streams of lanes are hardly shorter together.
_LONG_BYTES = 1 << 11
#: Bytes of the directory for a lane that shares no stream.
_LENGTH_BYTES = 2


def share_lanes(
    stored: Sequence[Stored], own: VectorStreams
) -> tuple[VectorStreams, list[ColumnStreams]]:
    """Let lanes share a stream if it takes fewer bytes than theirs."""
    streams = [one.streams for one in stored]
    if all(one.method is Method.MAPPED for one in streams):
        return own, [replace(one, is_shared=True) for one in streams]
    wholes = {
        place: one.whole
        for place, one in enumerate(stored)
        if one.whole is not None and not one.streams.validity
    }
    n_integers = sum(len(integers) for _, integers in wholes.values())
    n_bytes = sum(len(streams[place].main) + _LENGTH_BYTES for place in wholes)
    if not n_integers or n_bytes > len(wholes) * _LONG_BYTES or n_integers > MOST_SHARED:
        return own, streams
    shared = pack_shared(np.array([integers for _, integers in wholes.values()]))
    if len(shared) >= n_bytes:
        return own, streams
    for place, (method, _) in wholes.items():
        streams[place] = replace(streams[place], method=method, main=b"", is_shared=True)
    return replace(own, shared=shared), streams
