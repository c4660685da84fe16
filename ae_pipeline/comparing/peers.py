"""Formats that hold the same rows, written by well-kept libraries at their best settings."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
from pcodec import ChunkConfig, standalone
from pyarrow import types

from ae_pipeline.parquet import table_writer

_ROW_GROUP = 1 << 17
_BEST_PCODEC = ChunkConfig(compression_level=12, enable_8_bit=True)


@dataclass(frozen=True)
class Peer:
    """A way to store a table.

    Args:
        name: for people.
        write: stores a table at a path.
        read: reads all of it.
    """

    name: str
    write: Callable[[pa.Table, Path], None]
    read: Callable[[Path], object]


def _parquet(level: int) -> Callable[[pa.Table, Path], None]:
    def write(table: pa.Table, path: Path) -> None:
        pq.write_table(
            table,
            path,
            compression="zstd",
            compression_level=level,
            row_group_size=_ROW_GROUP,
        )

    return write


def _measured_parquet(table: pa.Table, path: Path) -> None:
    with table_writer(path, table.schema) as write:
        for batch in table.to_batches(max_chunksize=_ROW_GROUP):
            write(batch)


def _feather(table: pa.Table, path: Path) -> None:
    pyarrow.feather.write_feather(table, str(path), compression="zstd", compression_level=19)


def _orc(table: pa.Table, path: Path) -> None:
    pyarrow.orc.write_table(table, str(path), compression="zstd")


def _pcodec(table: pa.Table, path: Path) -> None:
    """Write numbers by pcodec, column by column, and all else and nulls as Parquet."""
    others, streams = table, []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not _is_number(column.type):
            continue
        values = column.combine_chunks()
        number = others.column_names.index(name)
        if values.null_count:
            others = others.set_column(number, name, pa.chunked_array([values.is_valid()]))
        else:
            others = others.remove_column(number)
        streams.append(standalone.simple_compress(_numbers(values), _BEST_PCODEC))
    with path.open("wb") as file:
        for stream in streams:
            file.write(struct.pack("<Q", len(stream)) + stream)
        file.write(struct.pack("<Q", 0))
        if others.num_columns:
            pq.write_table(others, file, compression="zstd", compression_level=19)


def _read_pcodec(path: Path) -> object:
    with path.open("rb") as file:
        read = [standalone.simple_decompress(stream) for stream in _streams(file.read)]
        rest = file.read()
    return read, pq.read_table(pa.BufferReader(rest)) if rest else None


def _streams(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while size := struct.unpack("<Q", read(8))[0]:
        yield read(size)


def _is_number(kind: pa.DataType) -> bool:
    is_plain = types.is_integer(kind) or types.is_float32(kind) or types.is_float64(kind)
    return is_plain or types.is_timestamp(kind) or types.is_date64(kind) or types.is_time64(kind)


def _numbers(values: pa.Array) -> np.ndarray:
    if types.is_temporal(values.type):
        values = values.cast(pa.int64())
    return np.ascontiguousarray(values.drop_null().to_numpy(zero_copy_only=False))


#: Formats that keep every bit. What of them holds rounded floats keeps these.
PEERS = (
    Peer("Parquet, zstd", _parquet(3), pq.read_table),
    Peer("Parquet, zstd 19", _parquet(19), pq.read_table),
    Peer("Parquet, encodings by measurement", _measured_parquet, pq.read_table),
    Peer("Arrow IPC, zstd 19", _feather, pyarrow.feather.read_table),
    Peer("ORC, zstd", _orc, pyarrow.orc.read_table),
    Peer("pcodec, and Parquet, zstd 19", _pcodec, _read_pcodec),
)
