"""An encoded block as bytes: a checksum, a header, a directory of lengths, the streams.

`docs/format.md`, section 4, is normative. Lengths are LEB128 varints, so that a small stream costs
one byte of directory and a large one three.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ae_pipeline.coding.column.streams import ColumnLayout, ColumnStreams, Method, read_column
from ae_pipeline.coding.directory import open_directory, pack_directory
from ae_pipeline.coding.mapped_streams import MappedStreams, read_mapped
from ae_pipeline.coding.varint import Reader, varints
from ae_pipeline.coding.vectors.streams import (
    VectorLayout,
    VectorStreams,
    check_size,
    read_vector,
)

_CHECKSUM_BYTES = 4
_HAS_NETWORK, _HAS_MAPPED, _IS_DEFLATED = 1, 2, 4


@dataclass(frozen=True)
class BlockStreams:
    """All streams of a block.

    Args:
        n_rows: rows of the block.
        codes: of the network; empty if it predicts no column of the block.
        columns: lanes of the feature columns; a column of numbers has one.
        mapped: columns that are coded as sub-columns of integers.
        vectors: what the lanes of each vector column have in common, by their numbers.
    """

    n_rows: int
    codes: tuple[bytes, ...]
    columns: tuple[ColumnStreams, ...] = field(repr=False)
    mapped: tuple[MappedStreams, ...] = field(default=(), repr=False)
    vectors: Mapping[range, VectorStreams] = field(default_factory=dict, repr=False)

    @property
    def n_bytes(self) -> int:
        """Bytes of all streams, without the directory."""
        own = sum(column.n_bytes for column in self.columns)
        own += sum(one.n_bytes for one in self.vectors.values())
        return sum(map(len, self.codes)) + own + sum(one.n_bytes for one in self.mapped)

    def ledger(self) -> dict[str, int]:
        """Return the bytes of the block by part, its directory last.

        Footers store the keys, so their words stay: "corrections" are residuals of the network,
        "predicted" residuals of the linear prediction, "classed" cells in contexts of the latter;
        "table" are integers that the table model codes, "integers" those that it does not, "beside"
        are bytes beside the integers of a column. A key that a later format brought comes last.
        """
        main = dict.fromkeys(Method, 0)
        for column in self.columns:
            main[column.method] += len(column.main)
        for numbers, vector in self.vectors.items():
            main[_shared_method(self.columns, numbers)] += len(vector.shared)
        table = main[Method.TABLE] + sum(one.n_modelled for one in self.mapped)
        columns: list[ColumnStreams | VectorStreams] = [*self.columns, *self.vectors.values()]
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
            "validity": sum(len(column.validity) for column in columns),
            "exact": sum(len(column.positions) + len(column.exact) for column in columns),
            "directory": len(self.to_bytes()) - self.n_bytes,
            "series": main[Method.SERIES],
        }

    def to_bytes(self) -> bytes:
        """Return the block as it is stored; it is serialised once."""
        return self._content

    @cached_property
    def _content(self) -> bytes:
        columns = list(self._columns())
        entries = [one.entry for one in (*columns, *self.mapped)]
        directory, is_deflated = pack_directory(list(map(len, self.codes)), entries)
        flags = (_HAS_NETWORK if self.codes else 0) | (_HAS_MAPPED if self.mapped else 0)
        flags |= _IS_DEFLATED if is_deflated else 0
        streams = [stream for one in (*columns, *self.mapped) for stream in one.streams]
        # Flags are below 128, so as a varint they are the single byte that the format asks for.
        body = varints([flags, self.n_rows]) + directory + b"".join((*self.codes, *streams))
        return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body

    def _columns(self) -> Iterator[ColumnStreams | VectorStreams]:
        """Yield feature columns, what the lanes of a vector column have in common before them."""
        own = {numbers.start: vector for numbers, vector in self.vectors.items()}
        for number, column in enumerate(self.columns):
            if number in own:
                yield own[number]
            yield column


def _shared_method(columns: Sequence[ColumnStreams], numbers: range) -> Method:
    """Return how most of the lanes that share a stream are coded."""
    methods = [columns[number].method for number in numbers if columns[number].is_shared]
    return max(set(methods), key=methods.count) if methods else Method.DIRECT


def read_block(
    content: bytes,
    n_columns: int,
    latent_dim: int,
    most_rows: int,
    n_subcolumns: Sequence[int] = (),
    vectors: Sequence[range] = (),
) -> BlockStreams:
    """Invert `BlockStreams.to_bytes`.

    Args:
        content: a whole block.
        n_columns: lanes of the feature columns of the codec.
        latent_dim: codes per row of the codec, 0 without a network.
        most_rows: rows that the container has room for; a block that claims more is damaged.
        n_subcolumns: sub-columns of each mapped column of the codec.
        vectors: numbers of the lanes of each vector column.

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
    check_size(sum(map(len, vectors)), n_rows)
    n_entries = n_columns + len(vectors) + len(n_subcolumns)
    ways, lengths = open_directory(reader, n_entries, bool(flags & _IS_DEFLATED))
    code_lengths = lengths.varints(latent_dim if has_network else 0)
    layouts = list(_read_layouts(ways, lengths, n_columns, vectors))
    mapped = read_mapped(ways, lengths, n_subcolumns)
    if lengths is not reader and not lengths.is_at_end:
        raise ValueError("directory has lengths that no stream owns")
    codes = tuple(reader.take_all(code_lengths))
    columns: list[ColumnStreams] = []
    own: dict[range, VectorStreams] = {}
    for layout in layouts:
        if isinstance(layout, VectorLayout):
            numbers = range(len(columns), len(columns) + len(layout.lanes))
            own[numbers], lanes = layout.take(reader, n_rows)
            columns += lanes
        else:
            columns.append(layout.take(reader))
    found = tuple(one.take(reader) for one in mapped)
    if not reader.is_at_end:
        raise ValueError("block has bytes that no stream owns")
    return BlockStreams(n_rows, codes, tuple(columns), found, own)


def _read_layouts(
    ways: Reader, lengths: Reader, n_columns: int, vectors: Sequence[range]
) -> Iterator[VectorLayout | ColumnLayout]:
    """Read how each feature column is stored."""
    wide = {numbers.start: len(numbers) for numbers in vectors}
    number = 0
    while number < n_columns:
        if number in wide:
            yield read_vector(ways, lengths, wide[number])
        else:
            yield read_column(ways, lengths)
        number += wide.get(number, 1)
