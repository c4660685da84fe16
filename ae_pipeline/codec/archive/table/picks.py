"""The references that a block follows ↔ the last of its mapped streams."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.codec.archive.table.codec import TableCodec
from ae_pipeline.coding import (
    BlockStreams,
    MappedStreams,
    State,
    SubStream,
    pack_integers,
    unpack_integers,
)
from ae_pipeline.table.references import Picks


def pack_picks(picks: Picks | None) -> tuple[MappedStreams, ...]:
    """Pack what a block follows; nothing for a codec without references.

    A sub-column that follows wherever there is a reference has no stream.
    """
    if picks is None:
        return ()
    has_one = picks.numbers > 0
    if not has_one.any():
        return (MappedStreams(State.ABSENT),)
    followed = (
        b"" if np.array_equal(row, has_one) else pack_integers(row.astype(np.int64))
        for row in picks.is_followed
    )
    streams = tuple(SubStream(one, False) for one in (pack_integers(picks.numbers), *followed))
    return (MappedStreams(State.INTEGERS, b"", streams),)


def unpack_picks(
    table: TableCodec, block: BlockStreams
) -> tuple[tuple[MappedStreams, ...], Picks | None]:
    """Return the streams of the mapped columns, and what the block follows.

    Raises:
        ValueError: it follows a reference that the codec lacks, or these are no such streams.
    """
    if table.references is None:
        return block.mapped, None
    *own, last = block.mapped
    picks = table.references.no_picks(block.n_rows)
    if last.state is State.ABSENT:
        return tuple(own), picks
    if last.state is not State.INTEGERS or any(one.is_modelled for one in last.substreams):
        raise ValueError("what a block follows is no stream of integers")
    first, *others = (one.content for one in last.substreams)
    numbers = _take(first, len(picks.numbers), len(table.references.sizes))
    for row, content in zip(picks.is_followed, others, strict=True):
        row[:] = _take(content, len(row), 1) if content else numbers > 0
    return tuple(own), Picks(numbers, picks.is_followed)


def _take(content: bytes, n_stretches: int, most: int) -> Int64[np.ndarray, "stretches"]:
    numbers = unpack_integers(content, n_stretches)
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() <= most:
        raise ValueError(f"a block follows a reference above {most}")
    return numbers
