"""The streams of a column that is coded as sub-columns of integers, and their directory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ae_pipeline.coding.directory import Entry
from ae_pipeline.coding.varint import Reader


class State(IntEnum):
    """How a block holds a mapped column."""

    #: By its sub-columns alone.
    INTEGERS = 0
    #: By its sub-columns, and bytes beside them.
    WITH_SIDE = 1
    #: As bytes: the mapping cannot say its values.
    WHOLE = 2
    #: Not at all: the fragment lacks the column, or keeps it because its type differs.
    ABSENT = 3


@dataclass(frozen=True)
class SubStream:
    """The integers of one sub-column: an integer stream, or a stream of the table model."""

    content: bytes
    is_modelled: bool


@dataclass(frozen=True)
class MappedStreams:
    """The streams of one mapped column.

    Args:
        state: which of the others there are.
        side: what the integers do not say, or the whole column.
        substreams: of every sub-column, in the order of the mapping.
    """

    state: State
    side: bytes = b""
    substreams: tuple[SubStream, ...] = ()

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams."""
        return sum(map(len, self.streams))

    @property
    def n_modelled(self) -> int:
        """Bytes that the table model wrote."""
        return sum(len(one.content) for one in self.substreams if one.is_modelled)

    @property
    def n_integers(self) -> int:
        """Bytes of integer streams."""
        return sum(len(one.content) for one in self.substreams if not one.is_modelled)

    @property
    def streams(self) -> list[bytes]:
        """All streams, in the order in which a block holds them."""
        beside = [self.side] if self.state in (State.WITH_SIDE, State.WHOLE) else []
        return [*beside, *(one.content for one in self.substreams)]

    @property
    def entry(self) -> Entry:
        """Entry of the directory."""
        beside = [len(self.side)] if self.state in (State.WITH_SIDE, State.WHOLE) else []
        return self.state, [
            *beside,
            *(2 * len(one.content) + one.is_modelled for one in self.substreams),
        ]


@dataclass(frozen=True)
class MappedLayout:
    """The directory entry of one mapped column, before its streams are read."""

    state: State
    side_bytes: int
    entries: tuple[int, ...]

    def take(self, reader: Reader) -> MappedStreams:
        """Take the streams off a block; ValueError if they go past its end."""
        side = reader.take(self.side_bytes)
        own = (SubStream(reader.take(one // 2), bool(one % 2)) for one in self.entries)
        return MappedStreams(self.state, side, tuple(own))


def read_mapped(ways: Reader, lengths: Reader, n_subcolumns: Iterable[int]) -> list[MappedLayout]:
    """Read the directory of all mapped columns; ValueError if it is damaged."""
    return [_read_layout(ways, lengths, n_own) for n_own in n_subcolumns]


def _read_layout(ways: Reader, lengths: Reader, n_own: int) -> MappedLayout:
    state = State(ways.byte())
    has_side = state in (State.WITH_SIDE, State.WHOLE)
    side_bytes = lengths.varint() if has_side else 0
    has_integers = state in (State.INTEGERS, State.WITH_SIDE)
    entries: Sequence[int] = lengths.varints(n_own) if has_integers else []
    return MappedLayout(state, side_bytes, tuple(entries))
