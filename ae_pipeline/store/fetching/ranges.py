"""Read a part of an object: its footer, or some column chunks, without the rest."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, TypeAlias  # Any: obstore's options

from ae_pipeline.store.faults import faults
from ae_pipeline.store.mirror import Entry, Mirror

#: Footers are seldom longer.
_TAIL_BYTES = 1 << 16
#: A request for what is expected asks for so many bytes at least, unless there are fewer, and most.
_LEAST_BYTES, _MOST_BYTES = 1 << 18, 1 << 22
#: The parts of a file that stay in memory while it is open, unless more are read in turns.
_KEPT_BYTES = 1 << 25

#: The first byte of a part of a file, and the one behind its last.
Span: TypeAlias = tuple[int, int]


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
        self._pieces: list[Span] = []
        self._most_kept = 2
        self._end = max(0, entry.size_bytes - _TAIL_BYTES)
        self._kept: OrderedDict[Span, bytes] = OrderedDict()

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
        """Read bytes into the buffer: no more than what is fetched at once."""
        start = self._position
        stop = min(start + len(buffer), self._entry.size_bytes)
        if stop <= start:
            return 0
        span = self._piece_at(start, stop)
        content = memoryview(self._part(span))[start - span[0] : stop - span[0]]
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def expect(self, spans: Sequence[Span], n_at_once: int) -> bool:
        """Tell what will be read, so that few requests fetch it; return whether that is worth it.

        It is not if more than half of the object would have come in parts by then.

        Args:
            spans: first byte, and the one behind the last.
            n_at_once: spans that are read in turns.
        """
        n_bytes = sum(stop - start for start, stop in spans)
        if 2 * (self._mirror.part_bytes[self._key] + n_bytes) > self._entry.size_bytes:
            return False
        n_most = max(_LEAST_BYTES, min(_MOST_BYTES, _KEPT_BYTES // (2 * max(n_at_once, 1))))
        self._pieces = cut_pieces(spans, n_most)
        self._most_kept = 1 + max(2 * n_at_once, _KEPT_BYTES // n_most)
        return True

    def _piece_at(self, start: int, stop: int) -> Span:
        """Return what to fetch at once: the end, an expected piece, or no more than is read."""
        if start >= self._end:
            return self._end, self._entry.size_bytes
        number = bisect_right(self._pieces, start, key=itemgetter(0)) - 1
        is_expected = number >= 0 and start < self._pieces[number][1]
        return self._pieces[number] if is_expected else (start, stop)

    def _part(self, span: Span) -> bytes:
        """Return a part, fetched if it is not among those read last."""
        if span not in self._kept:
            self._kept[span] = self._get(*span)
            self._mirror.part_bytes[self._key] += span[1] - span[0]
        self._kept.move_to_end(span)
        if len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)
        return self._kept[span]

    def _get(self, start: int, stop: int) -> bytes:
        import obstore  # noqa: PLC0415, of an extra

        options: Any = {"range": (start, stop)}
        if self._entry.etag is not None:
            options["if_match"] = self._entry.etag
        with faults(self._mirror.uri(self._key)):
            return bytes(obstore.get(self._mirror.client, self._key, options=options).bytes())


def cut_pieces(spans: Iterable[Span], n_bytes: int) -> list[Span]:
    """Join spans that touch, and cut them into pieces of at most so many bytes, in order."""
    joined: list[Span] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    cuts = [(range(start, stop, n_bytes), stop) for start, stop in joined]
    return [(at, min(at + n_bytes, stop)) for starts, stop in cuts for at in starts]
