"""The mirror of a bucket: a local tree of the names in it, whose content comes when it is read.

Each object is a file of its size and time, empty blocks to begin with: a placeholder. Everything
that asks for names, sizes and times therefore asks the local disk, and answers cost no request.
Its mode tells a placeholder from a file with content, to all processes on this machine.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any  # obstore's client and answers

from ae_pipeline.errors import SourceNotFoundError
from ae_pipeline.locations import Location, mirror_of
from ae_pipeline.store.faults import faults, retried

#: Modes of a placeholder and of a file with content: the owner may write to both.
_PLACEHOLDER, CONTENT = 0o700, 0o600
_LIST_CHUNK = 1000
_LONGEST_NAME = 255


@dataclass(frozen=True)
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
    """The local tree of one bucket.

    Args:
        client: of obstore.
        home: folder of the session.
        bucket: location of the bucket itself.
    """

    def __init__(self, client: Any, home: Path, bucket: Location) -> None:
        self.client, self.bucket = client, bucket
        self.folder = mirror_of(os.fspath(home), bucket)
        self.entries: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def uri(self, key: str) -> str:
        """Return the URI of a key."""
        return f"{self.bucket.root}/{key}" if key else self.bucket.root

    def path(self, key: str) -> str:
        """Return the local path of a key."""
        return f"{self.folder}/{key}" if key else self.folder

    def refresh(self, prefix: str) -> None:
        """List the objects below a prefix, or the one of that name, and mirror what is new.

        Raises:
            StoreError: it cannot be listed.
            SourceNotFoundError: a key cannot be the name of a file.
        """
        with self._lock:
            found = _without_folders(retried(lambda: dict(self._listed(prefix))))
            known = [key for key in self.entries if key == prefix or _is_below(key, prefix)]
            for key in known:
                if key not in found:
                    self.forget(key)
            for key, entry in found.items():
                if not entry.is_same(self.entries.get(key)):
                    self._place(key, entry)

    def _listed(self, prefix: str) -> Iterator[tuple[str, Entry]]:
        import obstore  # noqa: PLC0415, of an extra

        n_found = 0
        with faults(self.uri(prefix)):
            for batch in obstore.list(self.client, prefix or None, chunk_size=_LIST_CHUNK):
                for meta in batch:
                    n_found += 1
                    yield self._checked(meta["path"]), _entry(meta)
        if not n_found and prefix:
            with suppress(FileNotFoundError), faults(self.uri(prefix)):
                yield prefix, _entry(obstore.head(self.client, prefix))

    def _checked(self, key: str) -> str:
        parts = key.split("/")
        longest = max(len(part.encode()) for part in parts)
        if longest > _LONGEST_NAME or not {"", ".", ".."}.isdisjoint(parts) or "\0" in key:
            raise SourceNotFoundError(
                "object has a key that no file can have",
                where=self.uri(key),
                expected=f"names of 1 to {_LONGEST_NAME} bytes between slashes, not . or ..",
                remedy="rename it, or name a folder without it",
            )
        return key

    def _place(self, key: str, entry: Entry) -> None:
        """Make the placeholder of a version; a reader that has the former one open keeps it."""
        path = self.path(key)
        try:
            if key in self.entries:
                os.unlink(path)
            descriptor = _created(path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise SourceNotFoundError(
                "one key is a file and a folder",
                where=self.uri(key),
                remedy="rename one of them, or name a folder without them",
            ) from error
        try:
            os.ftruncate(descriptor, entry.size_bytes)
            os.utime(descriptor, ns=(entry.time_ns, entry.time_ns))
        finally:
            os.close(descriptor)
        self.entries[key] = entry

    def note(self, key: str, entry: Entry) -> None:
        """Take up a version that was published, or listed, elsewhere."""
        with self._lock:
            if os.path.lexists(self.path(key)):
                self.entries[key] = entry
            else:
                self._place(key, entry)

    def forget(self, key: str) -> None:
        """Drop an object that is gone, and folders that this leaves empty."""
        self.entries.pop(key, None)
        path = self.path(key)
        try:
            os.unlink(path)
            while (path := os.path.dirname(path)) != self.folder:
                os.rmdir(path)
        except OSError:  # gone, or not empty
            return


def is_placeholder(path: str) -> bool:
    """Whether a file of a mirror has no content yet; `FileNotFoundError` if it does not exist."""
    mode = os.stat(path).st_mode
    return stat.S_ISREG(mode) and stat.S_IMODE(mode) == _PLACEHOLDER


def empty(path: str, entry: Entry) -> None:
    """Turn a file with content into a placeholder again."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.fchmod(descriptor, _PLACEHOLDER)  # first: whoever opens it from now on fetches it
        os.ftruncate(descriptor, 0)
        os.ftruncate(descriptor, entry.size_bytes)
        os.utime(descriptor, ns=(entry.time_ns, entry.time_ns))
    finally:
        os.close(descriptor)


def _created(path: str) -> int:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    try:
        descriptor = os.open(path, flags, _PLACEHOLDER)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, flags, _PLACEHOLDER)
    return descriptor


def _entry(meta: Any) -> Entry:
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
