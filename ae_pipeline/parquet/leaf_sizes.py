"""Bytes of the columns of a Parquet file, from its footer alone.

Not through Arrow's `ColumnChunkMetaData`: what making one of a damaged footer throws, no `except`
catches, and the process ends. Source: parquet.thrift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from ae_pipeline.parquet.footer import PATH, column_chunks, footer_bytes_of, parsing, row_groups
from ae_pipeline.parquet.thrift import Thrift

#: Field of a column chunk's metadata in parquet.thrift.
_COMPRESSED_BYTES = 7


def leaf_bytes(path: Path) -> dict[str, int]:
    """Compressed bytes of every leaf column of a file, page headers included, by its path.

    Raises:
        pa.ArrowInvalid: the footer is damaged; `reading_errors` names the file.
    """
    with path.open("rb") as file:
        return read_leaves(file)


def read_leaves(file: BinaryIO) -> dict[str, int]:
    """As `leaf_bytes`, of a file that is open."""
    with parsing("sizes of its columns cannot be read"):
        return _sum_leaves(Thrift(footer_bytes_of(file)))


def column_bytes(leaves: Mapping[str, int], name: str) -> int:
    """Compressed bytes of one top-level column, or vector, by those of all leaves."""
    return leaves.get(name, 0) + leaves.get(f"{name}.list.element", 0)


def _sum_leaves(thrift: Thrift) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for _ in row_groups(thrift):
        for _ in column_chunks(thrift):
            _add_chunk(thrift, sizes)
    return dict(sizes)


def _add_chunk(thrift: Thrift, sizes: Counter[str]) -> None:
    path, size = "", 0
    for number, kind in thrift.fields():
        if number == PATH:
            path = ".".join(thrift.texts())
        elif number == _COMPRESSED_BYTES:
            size = thrift.integer()
        else:
            thrift.skip(kind)
    if size < 0:
        raise ValueError(f"column {path} of {size} bytes")
    sizes[path] += size
