"""An encoded block as bytes: a checksum, a header, a directory of lengths, the streams.

`docs/format.md`, section 4, is normative. Lengths are LEB128 varints, so that a small stream costs
one byte of directory and a large one three.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import IntEnum

from ae_pipeline.coding.varint import Reader, varint

_CHECKSUM_BYTES = 4
_HAS_NETWORK = 1
_HAS_VALIDITY, _HAS_EXACT, _METHODS = 0x10, 0x20, 0x0F


class Method(IntEnum):
    """How the main stream of a column is to be read."""

    DIRECT = 0
    CORRECTED = 1
    LOSSLESS = 2
    PREDICTED = 3
    CLASSED = 4
    CORRECTED_CLASSED = 5


@dataclass(frozen=True)
class ColumnStreams:
    """The streams of one column; an empty optional stream is not stored.

    Args:
        method: of `main`.
        main: cells, corrections, the values themselves, or distances to predicted cells; cells and
            corrections also in classes of what is predicted.
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
    """All streams of a block. `codes` is empty if no column is corrected."""

    n_rows: int
    codes: tuple[bytes, ...]
    columns: tuple[ColumnStreams, ...] = field(repr=False)

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams, without the directory."""
        return sum(map(len, self.codes)) + sum(column.n_bytes for column in self.columns)

    def ledger(self) -> dict[str, int]:
        """Bytes by part."""
        main = dict.fromkeys(Method, 0)
        for column in self.columns:
            main[column.method] += len(column.main)
        return {
            "codes": sum(map(len, self.codes)),
            "corrections": main[Method.CORRECTED] + main[Method.CORRECTED_CLASSED],
            "direct": main[Method.DIRECT],
            "lossless": main[Method.LOSSLESS],
            "predicted": main[Method.PREDICTED],
            "classed": main[Method.CLASSED],
            "validity": sum(len(column.validity) for column in self.columns),
            "exact": sum(len(column.positions) + len(column.exact) for column in self.columns),
        }

    def to_bytes(self) -> bytes:
        """The block as it is stored."""
        header = bytearray([_HAS_NETWORK if self.codes else 0])
        header += varint(self.n_rows)
        streams = list(self.codes)
        for code in self.codes:
            header += varint(len(code))
        for column in self.columns:
            flags, stored = 0, [column.main]
            if column.validity:
                flags |= _HAS_VALIDITY
                stored.append(column.validity)
            if column.positions:
                flags |= _HAS_EXACT
                stored += [column.positions, column.exact]
            header.append(column.method | flags)
            for stream in stored:
                header += varint(len(stream))
            streams += stored
        body = bytes(header) + b"".join(streams)
        return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def read_block(content: bytes, n_columns: int, latent_dim: int, most_rows: int) -> BlockStreams:
    """Inverse of `BlockStreams.to_bytes`.

    Args:
        content: a whole block.
        n_columns: feature columns of the codec.
        latent_dim: codes per row of the codec, 0 without a network.
        most_rows: rows that the container has room for; a block that claims more is damaged.

    Raises:
        ValueError: the checksum, a length or a method is wrong.
    """
    if len(content) < _CHECKSUM_BYTES:
        raise ValueError("block is shorter than its checksum")
    if zlib.crc32(content[_CHECKSUM_BYTES:]) != int.from_bytes(content[:_CHECKSUM_BYTES], "little"):
        raise ValueError("block checksum is wrong")
    reader = Reader(content, _CHECKSUM_BYTES)
    has_network = bool(reader.byte() & _HAS_NETWORK)
    n_rows = reader.varint()
    if n_rows > most_rows:
        raise ValueError(f"block claims {n_rows} rows, its row group has {most_rows}")
    code_lengths = [reader.varint() for _ in range(latent_dim if has_network else 0)]
    layouts = [_read_layout(reader) for _ in range(n_columns)]
    codes = tuple(reader.take(length) for length in code_lengths)
    columns = tuple(
        ColumnStreams(method, **{name: reader.take(length) for name, length in lengths.items()})
        for method, lengths in layouts
    )
    if not reader.is_at_end:
        raise ValueError("block has bytes that no stream owns")
    return BlockStreams(n_rows, codes, columns)


def _read_layout(reader: Reader) -> tuple[Method, dict[str, int]]:
    tag = reader.byte()
    method = Method(tag & _METHODS)
    lengths = {"main": reader.varint()}
    if tag & _HAS_VALIDITY:
        lengths["validity"] = reader.varint()
    if tag & _HAS_EXACT:
        lengths["positions"] = reader.varint()
        lengths["exact"] = reader.varint()
    return method, lengths
