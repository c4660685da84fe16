"""Files that are whole or absent: write under a temporary name, then rename.

A temporary name starts with a dot, which every dataset reader skips, so a kill leaves nothing
that looks like data.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ae_pipeline.errors import (
    AePipelineError,
    DestinationError,
    DiskFullError,
    UnwritableDestinationError,
)

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.tmp")
_FULL = {errno.ENOSPC, errno.EDQUOT}
_UNWRITABLE = {
    errno.EACCES,
    errno.ENOENT,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
    errno.ENAMETOOLONG,
}


@contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it there on success, remove it on failure.

    Raises:
        DiskFullError: no space left.
        UnwritableDestinationError: the folder cannot be made or written.
    """
    with destination_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{_lasting(path.name)}.{secrets.token_hex(4)}.tmp")
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def publish_bytes(path: Path, content: bytes) -> None:
    """Write a small file atomically; errors as `publishing`."""
    with publishing(path) as temporary:
        temporary.write_bytes(content)


def is_temporary(name: str) -> bool:
    """Whether `publishing` gives such names to files that are not whole yet."""
    return _TEMPORARY.fullmatch(name) is not None


def _lasting(name: str) -> str:
    """The name that a file is to have in the end: one that is checked once more before it is
    published is written under the name of a temporary file.
    """  # noqa: D205
    match = _TEMPORARY.fullmatch(name)
    return name if match is None else match["name"]


@contextmanager
def destination_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into ours, naming `path`."""
    try:
        yield
    except AePipelineError:
        raise
    except OSError as error:
        translated = _translate(error, path)
        if translated is None:
            raise
        raise translated from error


def _translate(error: OSError, path: Path) -> DestinationError | None:
    where = str(path.parent / _lasting(path.name))
    if error.errno in _FULL:
        return DiskFullError(
            "disk full",
            where=where,
            got=os.strerror(error.errno),
            remedy="free some space and run again; what was published stays",
        )
    if error.errno in _UNWRITABLE:
        return UnwritableDestinationError(
            "cannot write",
            where=where,
            got=os.strerror(error.errno),
            remedy="choose a folder that you may write",
        )
    return None


def _sync(path: Path) -> None:
    """Data before name: otherwise a power cut can publish an empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
