"""Read a part of an object: its footer, or a few pages, without the rest."""

from __future__ import annotations

import io
import os
from typing import Any  # obstore's options

from ae_pipeline.store.faults import faults
from ae_pipeline.store.mirror import Entry, Mirror

#: Footers are seldom longer.
_TAIL_BYTES = 1 << 16


class RangedFile(io.RawIOBase):
    """An object as a file, of which only what is read is fetched; its end in one request.

    Args:
        mirror: of the bucket.
        key: of the object.
        entry: the version to read.

    Raises:
        FragmentReplacedError: while reading, if it was replaced since it was listed.
        StoreError: while reading, if it cannot be fetched.
    """

    def __init__(self, mirror: Mirror, key: str, entry: Entry) -> None:
        super().__init__()
        self._mirror, self._key, self._entry = mirror, key, entry
        self._position = 0
        self._parts: list[tuple[int, bytes]] = []

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether its position can be set: always."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set and return the position in bytes."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._entry.size_bytes}
        self._position = max(0, base[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as the buffer holds, unless the object ends before."""
        start = self._position
        stop = min(start + len(buffer), self._entry.size_bytes)
        if stop <= start:
            return 0
        content = self._content(start, stop)
        buffer[: len(content)] = content
        self._position = stop
        return len(content)

    def _content(self, start: int, stop: int) -> bytes:
        if not self._has(start, stop - start):
            tail = max(0, self._entry.size_bytes - _TAIL_BYTES)
            first = tail if start >= tail else start
            last = self._entry.size_bytes if start >= tail else stop
            self._parts.append((first, self._get(first, last)))
        at, part = next(
            (at, part) for at, part in self._parts if at <= start and stop <= at + len(part)
        )
        return part[start - at : stop - at]

    def _has(self, offset: int, size: int) -> bool:
        return any(at <= offset and offset + size <= at + len(part) for at, part in self._parts)

    def _get(self, start: int, stop: int) -> bytes:
        import obstore  # noqa: PLC0415, of an extra

        options: Any = {"range": (start, stop)}
        if self._entry.etag is not None:
            options["if_match"] = self._entry.etag
        with faults(self._mirror.uri(self._key)):
            return bytes(obstore.get(self._mirror.client, self._key, options=options).bytes())
