"""The streams of one vector column of a block, and their directory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from ae_pipeline.coding.column.streams import (
    ColumnLayout,
    ColumnStreams,
    Method,
    read_column,
)
from ae_pipeline.coding.directory import Entry
from ae_pipeline.coding.row_sets import (
    pack_validity,
    unpack_positions,
    unpack_validity,
)
from ae_pipeline.coding.varint import Reader
from ae_pipeline.coding.vectors.shared import unpack_shared

#: Numbers of all vectors of a block.
MOST_NUMBERS = 1 << 25


@dataclass(frozen=True)
class VectorStreams:
    """The streams that the lanes of a vector column have in common.

    Args:
        validity: vectors that are not null; empty if all are.
        positions: vectors, among those, that are stored exactly; lanes do not have these rows.
        exact: their numbers.
        shared: integers of the lanes that share a stream.
    """

    validity: bytes = b""
    positions: bytes = b""
    exact: bytes = b""
    shared: bytes = b""

    @property
    def streams(self) -> list[bytes]:
        """All streams, in the order in which a block holds them."""
        return [self.validity, self.positions, self.exact, self.shared]

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams."""
        return sum(map(len, self.streams))

    def rows(self, n_rows: int) -> Bool[np.ndarray, "rows"]:
        """Return the rows that lanes have, but for numbers that are null themselves.

        Raises:
            ValueError: a stream is damaged.
        """
        is_valid = unpack_validity(self.validity, n_rows)
        if self.positions:
            present = np.flatnonzero(is_valid)
            is_valid[present[unpack_positions(self.positions, len(present))]] = False
        return is_valid

    @property
    def entry(self) -> Entry:
        """Entry of the directory; those of the lanes come after it."""
        return 0, list(map(len, self.streams))


@dataclass(frozen=True)
class VectorLayout:
    """The directory of one vector column, before its streams are read."""

    own: tuple[int, ...]
    lanes: tuple[ColumnLayout, ...]

    def take(self, reader: Reader, n_rows: int) -> tuple[VectorStreams, list[ColumnStreams]]:
        """Take the streams off a block; lanes get what the column says of all of them.

        Raises:
            ValueError: a stream is damaged or goes past the end.
        """
        own = VectorStreams(*reader.take_all(self.own))
        return own, _completed(own, [lane.take(reader) for lane in self.lanes], n_rows)


def check_size(n_lanes: int, n_rows: int) -> None:
    """Raise ValueError for more numbers of vectors than a writer puts into a block."""
    if n_lanes * n_rows > MOST_NUMBERS:
        raise ValueError(f"{n_rows} vectors of {n_lanes} numbers in a block")


def read_vector(ways: Reader, lengths: Reader, n_lanes: int) -> VectorLayout:
    """Read the directory of a vector column; ValueError if it is damaged."""
    if ways.byte():
        raise ValueError("a block with vectors of an unknown way")
    own = tuple(lengths.varints(4))
    return VectorLayout(
        own, tuple(read_column(ways, lengths, is_lane=True) for _ in range(n_lanes))
    )


def _completed(own: VectorStreams, lanes: list[ColumnStreams], n_rows: int) -> list[ColumnStreams]:
    """Give lanes the validity of the column where they have none, and their shared integers."""
    is_valid = own.rows(n_rows)
    validity = pack_validity(is_valid)
    shared = [
        place
        for place, lane in enumerate(lanes)
        if lane.is_shared and lane.method is not Method.MAPPED
    ]
    if any(lanes[place].validity for place in shared):
        raise ValueError("a lane with nulls of its own shares a stream")
    integers = unpack_shared(own.shared, len(shared), int(is_valid.sum()))
    known = dict(zip(shared, integers, strict=True))
    return [
        replace(lane, validity=lane.validity or validity, integers=known.get(place))
        for place, lane in enumerate(lanes)
    ]
