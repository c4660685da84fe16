"""Fetch the content of objects into their mirror, and let go of what nobody reads any more.

A file is fetched once, by one GET of the very version that was listed, and stays while there is
room: what is encoded is often read again to verify it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any  # obstore's answers

from ae_pipeline.store.faults import faults, replaced
from ae_pipeline.store.fetching.scratch import require_space
from ae_pipeline.store.mirror import CONTENT, Entry, Mirror, empty, is_placeholder

#: Above this, parts are fetched at once.
_PART_BYTES = 1 << 26
#: All staged files of a process together, unless those in use take more.
_MOST_BYTES = 1 << 33
_WRITE_BYTES = 1 << 22


class Staging:
    """The objects of all buckets whose content this process has fetched."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._fetching: dict[str, threading.Lock] = {}
        self._held: Counter[str] = Counter()
        self._staged: dict[str, tuple[Mirror, str]] = {}
        self._sizes: dict[str, int] = {}
        self._n_bytes = 0

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Keep the content of a file, if it is fetched inside, until the context ends."""
        with self._lock:
            self._held[path] += 1
        try:
            yield
        finally:
            self.release(path)

    def release(self, path: str) -> None:
        """Let go of a file that was held."""
        with self._lock:
            self._held[path] -= 1
            if not self._held[path]:
                del self._held[path]

    def open(self, mirror: Mirror, key: str) -> FileIO:
        """Open an object, fetched if need be; it is held until it is closed.

        Raises:
            FileNotFoundError: there is no such object.
            FragmentReplacedError: it was replaced since it was listed.
            DiskFullError: there is no space for it.
            StoreError: it cannot be fetched.
        """
        path = mirror.file_of(key)
        with self._lock:
            self._held[path] += 1
            lock = self._fetching.setdefault(path, threading.Lock())
        try:
            with lock:
                if is_placeholder(path):
                    self._fetch(mirror, key)
            return _HeldFile(self, path)
        except BaseException:
            self.release(path)
            raise

    def keep(self, mirror: Mirror, key: str, size_bytes: int) -> None:
        """Count a file with content, which may be emptied later."""
        path = mirror.path(key)
        with self._lock:
            self.drop(path)
            self._staged[path] = mirror, key
            self._sizes[path] = size_bytes
            self._n_bytes += size_bytes
            self._make_room(0)

    def drop(self, path: str) -> None:
        """Forget a file that is gone."""
        with self._lock:
            self._staged.pop(path, None)
            self._n_bytes -= self._sizes.pop(path, 0)

    def _fetch(self, mirror: Mirror, key: str) -> None:
        entry = mirror.entries.get(key)
        path = mirror.path(key)
        if entry is not None:
            with self._lock:
                self._make_room(entry.size_bytes)
            require_space(Path(mirror.folder), entry.size_bytes)
        size_bytes = _download(mirror, key, entry)
        self.keep(mirror, key, size_bytes)
        os.chmod(path, CONTENT)  # last: from now on it is read

    def _make_room(self, n_bytes: int) -> None:
        """Empty the files that were not used for the longest time."""
        if self._n_bytes + n_bytes <= _MOST_BYTES:
            return
        for path in list(self._staged):
            if self._n_bytes + n_bytes <= _MOST_BYTES:
                return
            mirror, key = self._staged[path]
            entry = mirror.entries.get(key)
            if not self._held[path] and entry is not None and empty(path, entry):
                self.drop(path)


class _HeldFile(FileIO):
    """A file whose content stays until it is closed; a lock tells other processes."""

    def __init__(self, staging: Staging, path: str) -> None:
        self._staging: Staging | None = None
        super().__init__(path, "rb")
        fcntl.flock(self.fileno(), fcntl.LOCK_SH)
        self._staging, self._path = staging, path

    def close(self) -> None:
        super().close()
        if self._staging is not None:
            self._staging.release(self._path)
            self._staging = None


def _download(mirror: Mirror, key: str, entry: Entry | None) -> int:
    """Write the content into the file of the mirror, whose identity does not change; return bytes.

    Args:
        mirror: of the bucket.
        key: of the object.
        entry: as it was listed; None where another process listed it.
    """
    descriptor = os.open(mirror.path(key), os.O_WRONLY)
    try:
        with faults(mirror.uri(key)):
            size_bytes, time_ns = _received(mirror, key, entry, descriptor)
        os.ftruncate(descriptor, size_bytes)
        os.utime(descriptor, ns=(time_ns, time_ns))
    finally:
        os.close(descriptor)
    return size_bytes


def _received(mirror: Mirror, key: str, entry: Entry | None, descriptor: int) -> tuple[int, int]:
    import obstore  # noqa: PLC0415, of an extra

    if entry is not None and not entry.size_bytes:  # of which no range can be asked
        return 0, entry.time_ns
    if entry is not None and entry.size_bytes > _PART_BYTES:
        return _received_in_parts(mirror, key, entry, descriptor)
    wanted: Any = {} if entry is None or entry.etag is None else {"if_match": entry.etag}
    answer = obstore.get(mirror.client, key, options=wanted)
    n_bytes = 0
    for content in answer.stream(min_chunk_size=_WRITE_BYTES):
        n_bytes += os.pwrite(descriptor, content, n_bytes)
    meta: Any = answer.meta
    if n_bytes != meta["size"] or (entry is not None and n_bytes != entry.size_bytes):
        raise replaced(mirror.uri(key))
    modified = int(meta["last_modified"].timestamp() * 1e6) * 1000
    return n_bytes, modified if entry is None else entry.time_ns


def _received_in_parts(mirror: Mirror, key: str, entry: Entry, descriptor: int) -> tuple[int, int]:
    """Fetch part after part: no request takes longer than its time limit."""
    import obstore  # noqa: PLC0415, of an extra

    for start in range(0, entry.size_bytes, _PART_BYTES):
        options: Any = {"range": (start, min(start + _PART_BYTES, entry.size_bytes))}
        if entry.etag is not None:
            options["if_match"] = entry.etag
        offset = start
        for content in obstore.get(mirror.client, key, options=options).stream(
            min_chunk_size=_WRITE_BYTES
        ):
            offset += os.pwrite(descriptor, content, offset)
        if offset != options["range"][1]:
            raise replaced(mirror.uri(key))
    return entry.size_bytes, entry.time_ns
