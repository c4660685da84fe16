"""Open the file of a fragment, and say so if it is not the file that it was.

A step that opens a fragment more than once pins it first; otherwise it could read the footer of one
file and the rows of the next, which another run has put there in between.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader

import pyarrow as pa

from ae_pipeline.dataset.fragment import Fragment, Identity
from ae_pipeline.dataset.magic import is_encrypted
from ae_pipeline.errors import (
    AePipelineError,
    CorruptFragmentError,
    FragmentReplacedError,
    SourceNotFoundError,
    is_out_of_memory,
    out_of_memory,
)


def pinned(fragment: Fragment) -> Fragment:
    """The fragment as the file that it is now: whoever opens it later finds this one, or an error.

    Raises:
        SourceNotFoundError: it is gone, or not ours to read.
    """
    with reading_errors(fragment):
        status = fragment.path.stat()
    return replace(fragment, size_bytes=status.st_size, identity=identity_of_status(status))


@contextmanager
def opened(fragment: Fragment) -> Iterator[BufferedReader]:
    """Open the file of a fragment; all that is read inside is of one file.

    Raises:
        CorruptFragmentError: it is no file, or what is read inside says so.
        FragmentReplacedError: it is not the one that was pinned, or was changed inside.
        SourceNotFoundError: it is gone, or not ours to read.
    """
    with reading_errors(fragment), fragment.path.open("rb") as file:
        _require_file(file, fragment)
        identity = identity_of(file)
        if fragment.identity not in (None, identity):
            raise _replaced(fragment)
        try:
            yield file
        except Exception as error:
            if identity_of(file) != identity:
                raise _replaced(fragment) from error
            raise
        if identity_of(file) != identity:
            raise _replaced(fragment)


def arrow_name(file: BufferedReader) -> str:
    """A path under which Arrow opens the very file that is open here, whatever has its name now."""
    name = f"/dev/fd/{file.fileno()}"
    return name if os.path.exists(name) else file.name


@contextmanager
def reading_errors(fragment: Fragment) -> Iterator[None]:
    """Tell damage (ours to name) from I/O trouble (worth a retry, passed on as `OSError`)."""
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


def identity_of(file: BufferedReader) -> Identity:
    """What an open file is now."""
    return identity_of_status(os.fstat(file.fileno()))


def identity_of_status(status: os.stat_result) -> Identity:
    """What tells a file from one that replaced it, or was written to in place."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _require_file(file: BufferedReader, fragment: Fragment) -> None:
    """Raise `CorruptFragmentError` for a pipe or a device, of which nothing can be read twice."""
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
