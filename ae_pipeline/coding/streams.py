"""An encoded block as bytes: a checksum, a header, a directory of lengths, the streams.

`docs/format.md`, section 4, is normative. Lengths are LEB128 varints, so that a small stream costs
one byte of directory and a large one three.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

from ae_pipeline.coding.mapped_streams import MappedStreams, read_mapped
from ae_pipeline.coding.varint import Reader, varints

_CHECKSUM_BYTES = 4
_HAS_NETWORK, _HAS_MAPPED = 1, 2
_HAS_VALIDITY, _HAS_EXACT, _METHODS = 0x10, 0x20, 0x0F


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
            mapped column has its streams elsewhere.
        validity: which rows are not null; empty if all are.
        positions: rows (among those that are not null) that are stored exactly.
        exact: their values.
    """

    method: Method
    main: bytes
    validity: bytes = b""
    positions: bytes = b""
    exact: bytes = b""

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams."""
        return len(self.main) + len(self.validity) + len(self.positions) + len(self.exact)


@dataclass(frozen=True)
class BlockStreams:
    """All streams of a block.

    Args:
        n_rows: rows of the block.
        codes: of the network; empty if it predicts no column of the block.
        columns: feature columns.
        mapped: columns that are coded as sub-columns of integers.
    """

    n_rows: int
    codes: tuple[bytes, ...]
    columns: tuple[ColumnStreams, ...] = field(repr=False)
    mapped: tuple[MappedStreams, ...] = field(default=(), repr=False)

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams, without the directory."""
        own = sum(column.n_bytes for column in self.columns)
        return sum(map(len, self.codes)) + own + sum(one.n_bytes for one in self.mapped)

    def ledger(self) -> dict[str, int]:
        """Return the bytes of the block by part, its directory last.

        Footers store the keys, so their words stay: "corrections" are residuals of the network,
        "predicted" residuals of the linear prediction, "classed" cells in contexts of the latter;
        "table" are integers that the table model codes, "integers" those that it does not, "beside"
        are bytes beside the integers of a column.
        """
        main = dict.fromkeys(Method, 0)
        for column in self.columns:
            main[column.method] += len(column.main)
        table = main[Method.TABLE] + sum(one.n_modelled for one in self.mapped)
        return {
            "codes": sum(map(len, self.codes)),
            "corrections": main[Method.NETWORK_RESIDUALS] + main[Method.NETWORK_CONTEXTS],
            "direct": main[Method.DIRECT],
            "lossless": main[Method.LOSSLESS],
            "predicted": main[Method.LINEAR_RESIDUALS],
            "classed": main[Method.LINEAR_CONTEXTS],
            "table": table,
            "integers": sum(one.n_integers for one in self.mapped),
            "beside": sum(len(one.side) for one in self.mapped),
            "validity": sum(len(column.validity) for column in self.columns),
            "exact": sum(len(column.positions) + len(column.exact) for column in self.columns),
            "directory": len(self.to_bytes()) - self.n_bytes,
        }

    def to_bytes(self) -> bytes:
        """Return the block as it is stored; it is serialised once."""
        return self._content

    @cached_property
    def _content(self) -> bytes:
        flags = (_HAS_NETWORK if self.codes else 0) | (_HAS_MAPPED if self.mapped else 0)
        header = [flags, self.n_rows, *map(len, self.codes)]
        streams = list(self.codes)
        for column in self.columns:
            flags, stored = 0, [column.main]
            if column.validity:
                flags |= _HAS_VALIDITY
                stored.append(column.validity)
            if column.positions:
                flags |= _HAS_EXACT
                stored += [column.positions, column.exact]
            header += [column.method | flags, *map(len, stored)]
            streams += stored
        for one in self.mapped:
            header += one.directory
            streams += one.streams
        # Flags are below 128, so as varints they are the single bytes that the format asks for.
        body = varints(header) + b"".join(streams)
        return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def read_block(
    content: bytes,
    n_columns: int,
    latent_dim: int,
    most_rows: int,
    n_subcolumns: Sequence[int] = (),
) -> BlockStreams:
    """Invert `BlockStreams.to_bytes`.

    Args:
        content: a whole block.
        n_columns: feature columns of the codec.
        latent_dim: codes per row of the codec, 0 without a network.
        most_rows: rows that the container has room for; a block that claims more is damaged.
        n_subcolumns: sub-columns of each mapped column of the codec.

    Raises:
        ValueError: the checksum, a length or a method is wrong.
    """
    if len(content) < _CHECKSUM_BYTES:
        raise ValueError("block is shorter than its checksum")
    if zlib.crc32(content[_CHECKSUM_BYTES:]) != int.from_bytes(content[:_CHECKSUM_BYTES], "little"):
        raise ValueError("block checksum is wrong")
    reader = Reader(content, _CHECKSUM_BYTES)
    flags = reader.byte()
    has_network = bool(flags & _HAS_NETWORK)
    if bool(flags & _HAS_MAPPED) != bool(n_subcolumns):
        raise ValueError("block has not the columns of its codec")
    n_rows = reader.varint()
    if n_rows > most_rows:
        raise ValueError(f"block claims {n_rows} rows, its row group has {most_rows}")
    code_lengths = reader.varints(latent_dim if has_network else 0)
    layouts = [_read_layout(reader) for _ in range(n_columns)]
    mapped = read_mapped(reader, n_subcolumns)
    codes = tuple(reader.take_all(code_lengths))
    columns = tuple(
        ColumnStreams(method, **dict(zip(names, reader.take_all(lengths), strict=True)))
        for method, names, lengths in layouts
    )
    found = tuple(one.take(reader) for one in mapped)
    if not reader.is_at_end:
        raise ValueError("block has bytes that no stream owns")
    return BlockStreams(n_rows, codes, columns, found)


def _read_layout(reader: Reader) -> tuple[Method, list[str], list[int]]:
    """Read how a column is stored: its method, and name and length of each stream."""
    tag = reader.byte()
    method = Method(tag & _METHODS)
    names = ["main"]
    if tag & _HAS_VALIDITY:
        names.append("validity")
    if tag & _HAS_EXACT:
        names += ["positions", "exact"]
    return method, names, reader.varints(len(names))
