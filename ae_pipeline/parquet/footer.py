"""The footer of a Parquet file as bytes: where it lies, and how damage in it is reported.

Source: parquet.thrift.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa

#: Fields of parquet.thrift: of the file,
SCHEMA, ROW_GROUPS, KEY_VALUES = 2, 4, 5
#: of a row group, a column chunk and its metadata.
COLUMNS, META_DATA, PATH = 1, 3, 3
#: The length of the footer and the magic follow it.
TAIL_BYTES = 8
_MAGIC = b"PAR1"


def footer_bytes(file: BinaryIO) -> bytes:
    """Read the footer of an open Parquet file; `ValueError` if it has none."""
    end = file.seek(0, os.SEEK_END) - TAIL_BYTES
    file.seek(max(end, 0))
    size = int.from_bytes(file.read(TAIL_BYTES)[:4], "little")
    if not 0 < size <= end:
        raise ValueError(f"no footer of {size} bytes")
    file.seek(end - size)
    return file.read(size)


def replace_footer(file: BinaryIO, former: bytes, footer: bytes) -> None:
    """Write a footer over the former one at the end of an open Parquet file."""
    file.seek(-TAIL_BYTES - len(former), os.SEEK_END)
    file.write(footer + len(footer).to_bytes(4, "little") + _MAGIC)
    file.truncate()


@contextmanager
def parsing(complaint: str) -> Iterator[None]:
    """Turn what damaged bytes make a parser raise into `pa.ArrowInvalid`, as Arrow raises it."""
    try:
        yield
    except (ValueError, IndexError, RecursionError) as error:
        raise pa.ArrowInvalid(f"{complaint}: {error}") from error
