"""Parquet + Zstandard, every column by the best of Parquet's own encodings.

Each column is a file of its own in memory; what counts are its column chunks, without the footer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.peers.block import Block, Layout
from benchmarks.peers.peer import Encoded, Peer
from benchmarks.peers.quantized import from_cells, to_cells

_VALUES, _CELLS = "values", "cells"
_PLAIN, _SPLIT, _DELTA = "PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BINARY_PACKED"


@dataclass(frozen=True)
class ParquetWriter:
    """One column as a Parquet file.

    Args:
        name: name of the column in the file.
        encoding: Parquet encoding; None for a dictionary.
        level: level of Zstandard.
    """

    name: str
    encoding: str | None
    level: int = 9

    def write(self, values: np.ndarray) -> tuple[bytes, int]:
        """Return the file and the bytes of its column chunks."""
        sink = pa.BufferOutputStream()
        pq.write_table(
            pa.table({self.name: values}),
            sink,
            row_group_size=max(len(values), 1),
            compression="zstd",
            compression_level=self.level,
            use_dictionary=self.encoding is None,
            column_encoding=self.encoding,
            write_statistics=False,
        )
        content = sink.getvalue().to_pybytes()
        return content, _chunk_bytes(pq.read_metadata(pa.BufferReader(content)))


Candidates = Callable[[np.ndarray, float], Iterator[tuple[ParquetWriter, np.ndarray]]]


def lossless(values: np.ndarray, tolerance: float) -> Iterator[tuple[ParquetWriter, np.ndarray]]:
    """Yield unchanged values as dictionary, plain, split bytes and, for integers, differences."""
    yield ParquetWriter(_VALUES, None), values
    yield ParquetWriter(_VALUES, _PLAIN), values
    yield ParquetWriter(_VALUES, _SPLIT), values
    if values.dtype.kind in "iu":
        yield ParquetWriter(_VALUES, _DELTA), values


def rounded(values: np.ndarray, tolerance: float) -> Iterator[tuple[ParquetWriter, np.ndarray]]:
    """Yield multiples of twice the tolerance as floats, or differences of their numbers."""
    if not tolerance:
        yield from lossless(values, tolerance)
        return
    cells = to_cells(values, tolerance)
    centres = from_cells(cells, tolerance, values.dtype)
    yield ParquetWriter(_VALUES, None), centres
    yield ParquetWriter(_VALUES, _PLAIN), centres
    yield ParquetWriter(_VALUES, _SPLIT), centres
    yield ParquetWriter(_CELLS, _DELTA), cells.astype(np.int64)


def parquet(name: str, candidates: Candidates) -> Peer:
    """Return the peer that writes each column in all ways of `candidates`, and keeps the best."""

    def encode(block: Block) -> Encoded:
        pairs = zip(block.columns, block.layout.tolerances, strict=True)
        best = [
            min((writer.write(way) for writer, way in candidates(values, tolerance)), key=_size)
            for values, tolerance in pairs
        ]
        return Encoded(tuple(content for content, _ in best), sum(map(_size, best)))

    return Peer(name, encode, _decode)


def _decode(encoded: Encoded, layout: Layout) -> list[np.ndarray]:
    return [
        _decode_column(content, kind, tolerance)
        for content, kind, tolerance in zip(
            encoded.parts, layout.kinds, layout.tolerances, strict=True
        )
    ]


def _decode_column(content: bytes, kind: np.dtype[Any], tolerance: float) -> np.ndarray:
    table = pq.read_table(pa.BufferReader(content), use_threads=False)
    values = table.column(0).to_numpy()
    return from_cells(values, tolerance, kind) if table.column_names == [_CELLS] else values


def _size(written: tuple[bytes, int]) -> int:
    return written[1]


def _chunk_bytes(metadata: pq.FileMetaData) -> int:
    return sum(
        metadata.row_group(group).column(0).total_compressed_size
        for group in range(metadata.num_row_groups)
    )


PARQUET_LOSSLESS = parquet("Parquet zstd, lossless", lossless)
PARQUET_ROUNDED = parquet("round + Parquet zstd", rounded)
