"""Open the file of a fragment, and raise if it is no longer the same file.

A step that opens a fragment more than once pins it first; otherwise it could read the footer of one
file and the rows of the next, which another run has put there in between.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BufferedReader
from pathlib import Path
from typing import Any  # options of Arrow, and files of any kind

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.dataset.fragment import Fragment, Identity
from ae_pipeline.dataset.magic import is_encrypted
from ae_pipeline.errors import (
    AePipelineError,
    CorruptFragmentError,
    FragmentReplacedError,
    SourceNotFoundError,
)
from ae_pipeline.out_of_memory import is_out_of_memory, out_of_memory
from ae_pipeline.store import version_of


def pinned(fragment: Fragment) -> Fragment:
    """Return the fragment tied to the file that it is now: opening any other file is an error.

    Raises:
        SourceNotFoundError: the file is gone or may not be read.
    """
    with reading_errors(fragment):
        status = fragment.path.stat()
    return replace(fragment, size_bytes=status.st_size, identity=identity_of_status(status))


@contextmanager
def opened(fragment: Fragment) -> Iterator[BufferedReader]:
    """Open the file of a fragment as bytes; all that is read inside the context is of one file.

    Raises:
        CorruptFragmentError: it is not a regular file, or a reader inside finds it damaged.
        FragmentReplacedError: it is not the file that was pinned, or was changed meanwhile.
        SourceNotFoundError: it is gone or may not be read.
    """
    with reading_errors(fragment), fragment.path.open("rb") as file:
        _require_file(file, fragment)
        identity = _identity_of(file)
        if fragment.identity not in (None, identity):
            raise _replaced(fragment)
        try:
            yield file
        except Exception as error:
            if _identity_of(file) != identity:
                raise _replaced(fragment) from error
            raise
        if _identity_of(file) != identity:
            raise _replaced(fragment)


def arrow_name(file: BufferedReader) -> str:
    """Return a path under which Arrow opens this very file, even if its name is another's now."""
    name = f"/dev/fd/{file.fileno()}"
    return name if os.path.exists(name) else file.name


@dataclass(frozen=True)
class Opened:
    """A file that is open for Arrow."""

    identity: Hashable
    content: Any = field(compare=False)


@lru_cache(maxsize=4)
def read_metadata(file: Opened) -> pq.FileMetaData:
    """Parse the footer of a file once: a thousand row groups take tens of milliseconds."""
    return pq.read_metadata(file.content)


@contextmanager
def open_fragment(fragment: Fragment) -> Iterator[pq.ParquetFile]:
    """Open a fragment as Parquet; footer and rows are those of one file.

    Raises:
        CorruptFragmentError: it is empty, truncated, damaged or not Parquet.
        FragmentReplacedError: it is not the file that was pinned, or was changed meanwhile.
        SourceNotFoundError: it is gone or may not be read.
    """
    with opened(fragment) as plain, pa.OSFile(arrow_name(plain)) as content:
        file = pq.ParquetFile(
            content,
            metadata=read_metadata(Opened(_identity_of(plain), content)),
            **reading_options(fragment),
        )
        with file:
            yield file


@contextmanager
def reading_errors(fragment: Fragment) -> Iterator[None]:
    """Name damage as `CorruptFragmentError`; pass on I/O trouble, which is worth a retry."""
    try:
        yield
    except AePipelineError:
        raise
    except (FileNotFoundError, PermissionError) as error:
        raise SourceNotFoundError(
            "cannot read", where=str(fragment.path), got=str(error.strerror or error)
        ) from error
    except (MemoryError, pa.ArrowException, OSError, EOFError, UnicodeError) as error:
        if is_out_of_memory(error):
            raise out_of_memory(fragment.relative) from error
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if is_encrypted(fragment.path):
            raise CorruptFragmentError(
                "encrypted Parquet",
                where=fragment.relative,
                expected="PAR1 at its start and end",
                got="PARE",
                remedy="decrypt it into another folder and name that",
            ) from error
        raise CorruptFragmentError(
            "not a readable Parquet file",
            where=fragment.relative,
            got="an empty file" if fragment.size_bytes == 0 else str(error).splitlines()[0],
            remedy="restore it or take it out of the source",
        ) from error


def reading_options(fragment: Fragment) -> dict[str, Any]:
    """Return how Arrow reads."""
    return {
        "pre_buffer": False,  # else pyarrow keeps every byte it reads until the file is closed
        "buffer_size": 1 << 18,
        "page_checksum_verification": True,
        "coerce_int96_timestamp_unit": fragment.int96,
    }


def _identity_of(file: BufferedReader) -> Identity:
    return identity_of_status(os.fstat(file.fileno()))


def identity_of_status(status: os.stat_result) -> Identity:
    """Return what differs once a file is replaced or written to in place."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def identity_at(path: Path) -> Identity:
    """Return the identity of the file that is there now; `OSError` if there is none."""
    version = version_of(path)
    if version is not None:
        return 0, 0, version.size_bytes, version.time_ns
    return identity_of_status(path.stat())


def _require_file(file: BufferedReader, fragment: Fragment) -> None:
    """Raise `CorruptFragmentError` for a pipe or a device, which cannot be read twice."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise CorruptFragmentError(
            "not a readable Parquet file",
            where=fragment.relative,
            got="a pipe or a device",
            remedy="take it out of the source",
        )


def _replaced(fragment: Fragment) -> FragmentReplacedError:
    return FragmentReplacedError(
        "file was replaced while it was read",
        where=str(fragment.path),
        remedy="run again once nobody writes to it",
    )
