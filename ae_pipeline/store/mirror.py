"""The mirror of a bucket: its names, sizes and times as they were listed, and files for contents.

Names, sizes and times are answered from memory. A file appears on this machine when somebody asks
for its status or its content: at first a placeholder of its size and time, with empty blocks. Its
mode tells a placeholder from a file with content, to all processes on this machine.
"""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any  # obstore's client and answers

from ae_pipeline.errors import SourceNotFoundError
from ae_pipeline.locations import Location, mirror_of
from ae_pipeline.store.faults import faults, retried
from ae_pipeline.store.tree import Tree

#: Modes of a placeholder and of a file with content: the owner may write to both.
_PLACEHOLDER, CONTENT = 0o700, 0o600
_LIST_CHUNK = 1000
_LONGEST_NAME = 255
_IMPOSSIBLE = {"", ".", ".."}


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of an object.

    Args:
        etag: names the version; None if the store gives none.
        size_bytes: its size.
        time_ns: of its last modification, since the epoch.
    """

    etag: str | None
    size_bytes: int
    time_ns: int

    def is_same(self, other: Entry | None) -> bool:
        """Whether both are one version."""
        if other is None or self.size_bytes != other.size_bytes:
            return False
        return self.etag == other.etag and (bool(self.etag) or self.time_ns == other.time_ns)


class Mirror:
    """The objects of one bucket, as far as they were listed.

    Args:
        client: of obstore.
        home: folder of the session.
        bucket: location of the bucket itself.
    """

    def __init__(self, client: Any, home: Path, bucket: Location) -> None:
        self.client, self.bucket = client, bucket
        self.folder, self._root = mirror_of(os.fspath(home), bucket), bucket.root
        self.entries: dict[str, Entry] = {}
        self.tree = Tree()
        #: Bytes of objects that came in parts, by key.
        self.part_bytes: Counter[str] = Counter()
        self._lock = threading.RLock()

    def uri(self, key: str) -> str:
        """Return the URI of a key."""
        return f"{self._root}/{key}" if key else self._root

    def path(self, key: str) -> str:
        """Return the local path of a key."""
        return f"{self.folder}/{key}" if key else self.folder

    def refresh(self, prefix: str) -> None:
        """List the objects below a prefix, or the one of that name.

        Raises:
            StoreError: it cannot be listed.
            SourceNotFoundError: a key cannot be the name of a file.
        """
        found = _without_folders(retried(lambda: dict(self._listed(prefix))))
        with self._lock:
            known = [key for key in self.entries if key == prefix or _is_below(key, prefix)]
            for key in known:
                if key not in found:
                    self.forget(key)
            for key, entry in found.items():
                self.note(key, entry)
            # Two places are told apart by the folders that they have on this machine.
            os.makedirs(os.path.dirname(self.path(prefix)), exist_ok=True)
            if prefix not in self.entries:
                os.makedirs(self.path(prefix), exist_ok=True)

    def look(self, key: str) -> bool:
        """Take up one object, if it exists; `StoreError` if that cannot be told."""
        import obstore  # noqa: PLC0415, of an extra

        with suppress(FileNotFoundError), faults(self.uri(key)):
            self.note(key, entry_of(obstore.head(self.client, key)))
            return True
        return False

    def _listed(self, prefix: str) -> Iterator[tuple[str, Entry]]:
        import obstore  # noqa: PLC0415, of an extra

        n_found = 0
        with faults(self.uri(prefix)):
            for batch in obstore.list(self.client, prefix or None, chunk_size=_LIST_CHUNK):
                for meta in batch:
                    n_found += 1
                    yield self._checked(meta["path"]), entry_of(meta)
        if not n_found and prefix:
            with suppress(FileNotFoundError), faults(self.uri(prefix)):
                yield prefix, entry_of(obstore.head(self.client, prefix))

    def _checked(self, key: str) -> str:
        parts = key.split("/")
        is_short = len(key) <= _LONGEST_NAME // 4  # in any characters
        longest = 0 if is_short else max(len(part.encode()) for part in parts)
        if longest > _LONGEST_NAME or not _IMPOSSIBLE.isdisjoint(parts) or "\0" in key:
            raise SourceNotFoundError(
                "object has a key that no file can have",
                where=self.uri(key),
                expected=f"names of 1 to {_LONGEST_NAME} bytes between slashes, not . or ..",
                remedy="rename it, or name a folder without it",
            )
        return key

    def note(self, key: str, entry: Entry) -> None:
        """Take up a version that was listed or published; what is here of another one goes.

        Raises:
            SourceNotFoundError: one key is a file and a folder.
        """
        with self._lock:
            known = self.entries.get(key)
            if entry.is_same(known):
                return
            if known is None and not self.tree.add(key):
                raise SourceNotFoundError(
                    "one key is a file and a folder",
                    where=self.uri(key),
                    remedy="rename one of them, or name a folder without them",
                )
            self.entries[key] = entry
            if known is not None:
                with suppress(FileNotFoundError):
                    os.unlink(self.path(key))

    def forget(self, key: str) -> None:
        """Drop an object that is gone."""
        with self._lock:
            if self.entries.pop(key, None) is not None:
                self.tree.remove(key)
            with suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(self.path(key))

    def file_of(self, key: str) -> str:
        """Return the path of an object's file, which is a placeholder unless it was fetched.

        Raises:
            FileNotFoundError: there is no such object.
        """
        path = self.path(key)
        with self._lock:
            if key in self.entries and not os.path.lexists(path):
                _make_placeholder(path, self.entries[key])
        os.stat(path)
        return path


def is_placeholder(path: str) -> bool:
    """Whether a file of a mirror has no content yet; `FileNotFoundError` if it does not exist."""
    mode = os.stat(path).st_mode
    return stat.S_ISREG(mode) and stat.S_IMODE(mode) == _PLACEHOLDER


def empty(path: str, entry: Entry) -> bool:
    """Turn a file with content into a placeholder again; return False if a process reads it."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(descriptor, _PLACEHOLDER)  # first: whoever opens it from now on fetches it
        os.ftruncate(descriptor, 0)
        _shape(descriptor, entry)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _make_placeholder(path: str, entry: Entry) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, _PLACEHOLDER)
    try:
        _shape(descriptor, entry)
    finally:
        os.close(descriptor)


def _shape(descriptor: int, entry: Entry) -> None:
    os.ftruncate(descriptor, entry.size_bytes)
    os.utime(descriptor, ns=(entry.time_ns, entry.time_ns))


def entry_of(meta: Any) -> Entry:
    """Return the version that an answer of obstore tells of."""
    modified: datetime = meta["last_modified"]
    etag = quoted(meta.get("e_tag"))
    return Entry(etag, int(meta["size"]), int(modified.timestamp() * 1e6) * 1000)


def quoted(etag: str | None) -> str | None:
    """Return an ETag in quotes: Azure lists them without, and gives them with."""
    if not etag or etag.endswith('"'):
        return etag or None
    return f'"{etag}"'


def _without_folders(found: dict[str, Entry]) -> dict[str, Entry]:
    """Leave out empty objects that stand for folders, as consoles make them."""
    empty_keys = {key for key, entry in found.items() if not entry.size_bytes}
    if not empty_keys:
        return found
    parents = {parent for key in found for parent in _parents(key)}
    return {key: entry for key, entry in found.items() if key not in empty_keys & parents}


def _parents(key: str) -> Iterator[str]:
    while "/" in key:
        key = key.rpartition("/")[0]
        yield key


def _is_below(key: str, prefix: str) -> bool:
    return not prefix or key.startswith(f"{prefix}/")
