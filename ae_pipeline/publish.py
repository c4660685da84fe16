"""Publish files whole or not at all, even across a power cut; every write goes through here.

A file is written under a temporary name, synced and renamed; then its folder is synced, since names
are data of their own. A temporary name starts with a dot, which every reader of datasets skips, so
a kill leaves nothing that looks like data.
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
from ae_pipeline.store import changing, is_remote, is_there

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
#: Errors of file systems that cannot sync a folder; names are safe there or never were.
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}


@contextmanager
def publishing(path: Path, *, unless_changed: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it there on success, remove it on failure.

    After it returns, a power cut loses neither the content nor the name. In an object store, one
    request makes the object.

    Args:
        path: to publish.
        unless_changed: in an object store, only if nobody else has written it since it was listed.

    Raises:
        DestinationExistsError: somebody else has, and `unless_changed`.
        StoreError: the object store does not take it.
        DestinationOverlapError: the path is protected.
        DiskFullError: no space is left.
        UnwritableDestinationError: the folder cannot be made or written.
    """
    with destination_errors(path):
        check_unprotected(path)
        make_folders(path.parent)
        temporary = temporary_path(path)
        try:
            yield temporary
            if is_remote(path):
                changing.publish(path, temporary, unless_changed=unless_changed)
                return
            _sync(temporary)
            check_unprotected(path)  # a link may have appeared meanwhile
            os.replace(temporary, path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def publish_bytes(path: Path, content: bytes, *, unless_changed: bool = False) -> None:
    """Write a small file atomically; arguments and errors as `publishing`."""
    with publishing(path, unless_changed=unless_changed) as temporary:
        temporary.write_bytes(content)


def make_folders(folder: Path) -> None:
    """Make a folder and all missing ones above it; a power cut does not lose them.

    Raises:
        DestinationOverlapError: it would lie in a protected folder.
    """
    if is_remote(folder):  # which has a folder here at most
        check_unprotected(folder)
        folder.mkdir()
        return
    missing = list(takewhile(lambda place: not place.exists(), (folder, *folder.parents)))
    if missing:
        check_unprotected(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


def remove(path: Path) -> None:
    """Delete a file, if it exists; it does not come back after a power cut.

    Raises:
        DestinationOverlapError: it is protected.
        DestinationError: it cannot be deleted.
    """
    with destination_errors(path):
        if is_there(path):
            check_unprotected(path)
            changing.delete(path)
            path.unlink(missing_ok=True)
            sync_folder(path.parent)


def remove_tree(folder: Path) -> None:
    """Delete a folder and everything in it, as far as possible.

    Raises:
        DestinationOverlapError: it is protected.
    """
    check_unprotected(folder / "any")
    changing.delete_tree(folder)
    shutil.rmtree(folder, ignore_errors=True)


def rename(path: Path, target: Path) -> None:
    """Rename a file in its folder, replacing any file of that name; a power cut does not undo it.

    Raises:
        FileNotFoundError: it is gone.
        DestinationOverlapError: it is protected.
    """
    check_unprotected(path)
    if is_remote(path):
        changing.move(path, target)
        return
    os.rename(path, target)
    sync_folder(target.parent)


def make_durable(path: Path, root: Path) -> None:
    """Sync a file that another process may have published, and every name on the way to it.

    An object is safe as soon as it exists.

    Args:
        path: a file below `root`.
        root: folder of the dataset, whose own name is synced, too.
    """
    if is_remote(path):
        return
    _sync(path)
    for folder in path.parents:
        sync_folder(folder)
        if folder == root:
            sync_folder(folder.resolve().parent)
            return


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut; those of objects do."""
    if is_remote(folder):
        return
    try:
        _sync(folder)
    except PermissionError:  # a folder may be writable and not readable
        os.sync()
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


@contextmanager
def destination_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into `DestinationError`, naming `path`."""
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
            remedy="free some space and run again; published files stay",
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
    """Sync a file or folder: without it a power cut can leave an empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
