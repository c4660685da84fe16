"""Paths of object stores that behave as paths of files: one type for both, everywhere.

To the operating system such a path is the mirror's; to people, and in whatever is stored, it is the
URI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path, PosixPath
from typing import IO, Any, BinaryIO  # Any: as pathlib has it

from ae_pipeline.locations import location_of, parse
from ae_pipeline.store.mirror import Entry, Mirror, is_placeholder
from ae_pipeline.store.ranges import RangedFile
from ae_pipeline.store.session import current, mirrored


class ObjectPath(PosixPath):
    """The path of an object or of a prefix; what is opened for reading is fetched first."""

    __slots__ = ()

    def __fspath__(self) -> str:
        """Return the path of the mirror."""
        return str(super().__str__())

    def __str__(self) -> str:
        """Return the URI, or the text of a part of one."""
        local = super().__str__()
        location = location_of(local)
        return local if location is None else location.uri

    def open(  # type: ignore[override]  # overloads, one per mode
        self,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Open the file of the mirror; errors as `Staging.open`."""
        if mode not in ("r", "rb", "rt") or location_of(os.fspath(self)) is None:
            return super().open(mode, buffering, encoding, errors, newline)
        session = current()
        file = BufferedReader(session.staging.open(*session.find(os.fspath(self))))
        return file if mode == "rb" else TextIOWrapper(file, encoding, errors, newline)


def place(text: str | Path) -> Path:
    """Return the path of a place in a job or a plan, be it a local path or a URI.

    Raises:
        RuntimeError: it is a URI, and nothing is visited: a bug.
    """
    if isinstance(text, Path):
        return text
    location = parse(text)
    return Path(text) if location is None else ObjectPath(mirrored(location))


def is_remote(path: Path) -> bool:
    """Whether a path is that of an object, or of a prefix."""
    return isinstance(path, ObjectPath)


def version_of(path: Path) -> Entry | None:
    """Return the version of an object that was listed; None for files of this machine."""
    if not isinstance(path, ObjectPath):
        return None
    mirror, key = current().find(os.fspath(path))
    return mirror.entries.get(key)


def look_below(folder: Path) -> None:
    """List a folder of objects in a worker that has not; elsewhere it is listed already."""
    if isinstance(folder, ObjectPath):
        session = current()
        if session.lists_itself:
            mirror, prefix = session.find(os.fspath(folder))
            mirror.refresh(prefix)


@contextmanager
def using(path: Path, version: Entry | None) -> Iterator[None]:
    """Keep the content of an object, once it is fetched, until the context ends.

    Args:
        path: of the object; nothing is done for other files.
        version: the one to fetch, which workers do not know otherwise.
    """
    if not isinstance(path, ObjectPath):
        yield
        return
    session = current()
    mirror, key = session.find(os.fspath(path))
    if version is not None and key not in mirror.entries:
        mirror.note(key, version)
    elif session.lists_itself and key not in mirror.entries:
        mirror.refresh(key)
    with session.staging.holding(mirror.path(key)):
        yield


def open_end(path: Path) -> BinaryIO:
    """Open a file of which little but the end is read; of an object, only that is fetched.

    Raises:
        OSError: it does not exist or cannot be read.
        StoreError: it cannot be fetched.
    """
    found = unfetched(path)
    if found is None:
        return path.open("rb")
    return BufferedReader(RangedFile(*found), 1 << 12)


def is_unfetched(path: Path) -> bool:
    """Whether a path is that of an object whose content is not here."""
    return unfetched(path) is not None


def unfetched(path: Path) -> tuple[Mirror, str, Entry] | None:
    """Return the mirror, key and version of an object that is not here; None for all others."""
    if not isinstance(path, ObjectPath):
        return None
    mirror, key = current().find(os.fspath(path))
    local = os.fspath(path)
    try:
        if not is_placeholder(local):
            return None
    except FileNotFoundError:
        return None
    return mirror, key, mirror.entries.get(key) or _entry_at(local)


def _entry_at(local: str) -> Entry:
    """Return what a placeholder tells that another process has made."""
    status = os.stat(local)
    return Entry(None, status.st_size, status.st_mtime_ns)
