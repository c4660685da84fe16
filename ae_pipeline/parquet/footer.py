"""A Parquet file's footer: where its bytes lie, and what stands for each column chunk in them.

Source: parquet.thrift.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from ae_pipeline.parquet.thrift import Thrift

#: Fields of parquet.thrift: of the file,
SCHEMA, ROW_GROUPS, KEY_VALUES = 2, 4, 5
#: of a row group, a column chunk and its metadata.
COLUMNS, META_DATA, PATH = 1, 3, 3
#: After the footer come its length and the magic.
TAIL_BYTES = 8


def read_footer_bytes(path: Path) -> bytes:
    """The footer of a Parquet file; ValueError if it has none, `OSError` if it cannot be read."""
    with path.open("rb") as file:
        return footer_bytes_of(file)


def footer_bytes_of(file: BinaryIO) -> bytes:
    """As `read_footer_bytes`, of a file that is open."""
    end = file.seek(0, os.SEEK_END) - TAIL_BYTES
    file.seek(max(end, 0))
    size = int.from_bytes(file.read(TAIL_BYTES)[:4], "little")
    if not 0 < size <= end:
        raise ValueError(f"no footer of {size} bytes")
    file.seek(end - size)
    return file.read(size)


@contextmanager
def parsing(complaint: str) -> Iterator[None]:
    """Turn what damaged bytes make a parser raise into `pa.ArrowInvalid`, as Arrow's own would."""
    try:
        yield
    except (ValueError, IndexError, RecursionError) as error:
        raise pa.ArrowInvalid(f"{complaint}: {error}") from error


def row_groups(thrift: Thrift) -> Iterator[None]:
    """Stand before each row group of a footer, which must be taken before the next."""
    for _ in thrift.only(ROW_GROUPS):
        yield from thrift.structs()


def column_chunks(thrift: Thrift) -> Iterator[None]:
    """Stand before the metadata of each column chunk of a row group; each must be taken."""
    for _ in thrift.only(COLUMNS):
        for _ in thrift.structs():
            yield from thrift.only(META_DATA)
