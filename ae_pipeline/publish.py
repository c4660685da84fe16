"""Files that are whole or absent, after a power cut, too: all that is written goes through here.

A file is written under a temporary name, synced and renamed; then the folder that holds its name is
synced, since names are data of their own. A temporary name starts with a dot, which every dataset
reader skips, so a kill leaves nothing that looks like data.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from ae_pipeline.errors import (
    AePipelineError,
    DestinationError,
    DiskFullError,
    UnwritableDestinationError,
)
from ae_pipeline.hidden_names import temporary_path
from ae_pipeline.protection import check_unprotected

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
#: What file systems say that cannot sync a folder; names are safe there or never were.
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}


@contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it there on success, remove it on failure.

    Once it returns, neither the content nor the name is lost by a power cut.

    Raises:
        DestinationOverlapError: something would be written that is protected.
        DiskFullError: no space left.
        UnwritableDestinationError: the folder cannot be made or written.
    """
    with destination_errors(path):
        check_unprotected(path)
        make_folders(path.parent)
        temporary = temporary_path(path)
        try:
            yield temporary
            _sync(temporary)
            check_unprotected(path)  # a link may have come in between
            os.replace(temporary, path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def publish_bytes(path: Path, content: bytes) -> None:
    """Write a small file atomically; errors as `publishing`."""
    with publishing(path) as temporary:
        temporary.write_bytes(content)


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, if they are not there; a power cut does not lose them.

    Raises:
        DestinationOverlapError: it would lie in what is protected.
    """
    missing = list(takewhile(lambda place: not place.exists(), (folder, *folder.parents)))
    if missing:
        check_unprotected(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


def remove(path: Path) -> None:
    """Delete a file, if it is there; it does not come back after a power cut.

    Raises:
        DestinationOverlapError: it is protected.
        DestinationError: it cannot be deleted.
    """
    with destination_errors(path):
        if os.path.lexists(path):
            check_unprotected(path)
            path.unlink(missing_ok=True)
            sync_folder(path.parent)


def remove_tree(folder: Path) -> None:
    """Delete a folder of ours with all that it holds, as far as possible.

    Raises:
        DestinationOverlapError: it is protected.
    """
    check_unprotected(folder / "any")
    shutil.rmtree(folder, ignore_errors=True)


def rename(path: Path, target: Path) -> None:
    """Give a file another name in its folder, for good, over what has that name.

    `FileNotFoundError` if it has gone.

    Raises:
        DestinationOverlapError: it is protected.
    """
    check_unprotected(path)
    os.rename(path, target)
    sync_folder(target.parent)


def make_durable(path: Path, root: Path) -> None:
    """Sync a file that another process may have published and the names of all on the way to it.

    Args:
        path: of a file below `root`.
        root: of the dataset; its own name is synced, too.
    """
    _sync(path)
    for folder in path.parents:
        sync_folder(folder)
        if folder == root:
            sync_folder(folder.resolve().parent)
            return


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power cut."""
    try:
        _sync(folder)
    except PermissionError:  # a folder may be written and not read
        os.sync()
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


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
    where = str(path)
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
    """Of a file: otherwise a power cut can publish an empty one."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
