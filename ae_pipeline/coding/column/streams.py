"""The streams of one feature column, or of one lane of a vector column."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from jaxtyping import Int64

from ae_pipeline.coding.directory import Entry
from ae_pipeline.coding.varint import Reader

_HAS_VALIDITY, _HAS_EXACT, _IS_SHARED, _METHODS = 0x10, 0x20, 0x40, 0x0F


class Method(IntEnum):
    """How to read the main stream of a column."""

    DIRECT = 0
    NETWORK_RESIDUALS = 1
    LOSSLESS = 2
    LINEAR_RESIDUALS = 3
    LINEAR_CONTEXTS = 4
    NETWORK_CONTEXTS = 5
    TABLE = 6
    MAPPED = 7
    SERIES = 8


#: Methods that need the cells of other columns.
LINEAR_METHODS = frozenset({Method.LINEAR_RESIDUALS, Method.LINEAR_CONTEXTS})
#: Methods that need the prediction of the network.
NETWORK_METHODS = frozenset({Method.NETWORK_RESIDUALS, Method.NETWORK_CONTEXTS})


@dataclass(frozen=True)
class ColumnStreams:
    """The streams of one column; an empty optional stream is not stored.

    Args:
        method: of `main`.
        main: cells, the values themselves, or residuals of a prediction; contexts of the linear
            prediction hold cells, contexts of the network residuals; the table model holds cells; a
            mapped column has its streams elsewhere; a series is units, level by level.
        validity: which rows are not null; empty if all are.
        positions: rows (among those that are not null) that are stored exactly.
        exact: their values.
        integers: those of `main`, where they are known from elsewhere.
        is_shared: whether they lie in a stream that lanes of a vector share; `main` is empty.
    """

    method: Method
    main: bytes
    validity: bytes = b""
    positions: bytes = b""
    exact: bytes = b""
    integers: Int64[np.ndarray, "present"] | None = field(default=None, repr=False, compare=False)
    is_shared: bool = False

    @property
    def streams(self) -> list[bytes]:
        """Those that are stored, in the order in which a block holds them."""
        own: list[bytes] = [getattr(self, name) for name in names_of(self.entry[0])]
        return own

    @property
    def entry(self) -> Entry:
        """Entry of the directory."""
        flags = _HAS_VALIDITY if self.validity else 0
        flags |= _HAS_EXACT if self.positions else 0
        way = self.method | flags | (_IS_SHARED if self.is_shared else 0)
        return way, [len(getattr(self, name)) for name in names_of(way)]

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams."""
        return len(self.main) + len(self.validity) + len(self.positions) + len(self.exact)


#: Methods whose integers may lie in a shared stream.
_SHARED_METHODS = (Method.DIRECT, Method.NETWORK_RESIDUALS, Method.LINEAR_RESIDUALS, Method.MAPPED)


def names_of(way: int) -> list[str]:
    """Return the streams of an entry, in the order in which a block holds them."""
    names = [] if way & _IS_SHARED else ["main"]
    if way & _HAS_VALIDITY:
        names.append("validity")
    return [*names, "positions", "exact"] if way & _HAS_EXACT else names


@dataclass(frozen=True)
class ColumnLayout:
    """The entry of a column or a lane in the directory, before its streams are read."""

    way: int
    lengths: tuple[int, ...]

    def take(self, reader: Reader) -> ColumnStreams:
        """Take the streams off a block; ValueError if they go past its end."""
        own = dict(zip(names_of(self.way), reader.take_all(self.lengths), strict=True))
        return ColumnStreams(
            Method(self.way & _METHODS),
            main=own.get("main", b""),
            validity=own.get("validity", b""),
            positions=own.get("positions", b""),
            exact=own.get("exact", b""),
            is_shared=bool(self.way & _IS_SHARED),
        )


def read_column(ways: Reader, lengths: Reader, *, is_lane: bool = False) -> ColumnLayout:
    """Read the entry of a column, or of a lane of vectors; ValueError if it is damaged."""
    way = ways.byte()
    method, is_shared = Method(way & _METHODS), bool(way & _IS_SHARED)
    if way & 0x80 or is_shared > is_lane or (is_shared and method not in _SHARED_METHODS):
        raise ValueError(f"a block with a column of way {way}")
    return ColumnLayout(way, tuple(lengths.varints(len(names_of(way)))))
