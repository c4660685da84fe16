"""A stream made in a thread of its own: whoever reads it may be any thread, at any time.

DuckDB reads from threads that it chooses. What makes the stream keeps to one thread, and with it
its context: the stores that it visits, the threads that it shares.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Generator, Iterator
from contextvars import copy_context
from queue import Full, Queue
from typing import Any, Generic, TypeVar  # Any: streams of all kinds

_Item = TypeVar("_Item")
#: Items that wait for a reader, at most, and how often a full queue looks whether one is left.
_WAITING, _LOOK_S = 2, 0.1


def made_ahead(make: Callable[[], Iterator[_Item]]) -> Generator[_Item, None, None]:
    """Yield what `make` yields, made ahead in a thread; closing ends the thread.

    Args:
        make: begins the stream; called in the thread, when the first item is asked for.
    """
    stream = _Stream(make)
    try:
        yield from stream.items()
    finally:
        stream.end()


class _End:
    """The end of a stream, and the error that ended it."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class _Stream(Generic[_Item]):
    def __init__(self, make: Callable[[], Iterator[_Item]]) -> None:
        self._make = make
        self._queue: Queue[_Item | _End] = Queue(_WAITING)
        self._is_left = threading.Event()
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._fill,), daemon=True, name="scan"
        )
        _running.add(self)
        self._thread.start()

    def items(self) -> Iterator[_Item]:
        """Yield the items; raise the error that ended them."""
        while not isinstance(item := self._queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def end(self) -> None:
        """Let the thread end, and wait for it."""
        self._is_left.set()
        self._thread.join()
        _running.discard(self)

    def _fill(self) -> None:
        error: Exception | None = None
        try:
            self._put_all(self._make())
        except Exception as raised:  # raised again where the stream is read
            error = raised
        self._put(_End(error))

    def _put_all(self, items: Iterator[_Item]) -> None:
        for item in items:
            if not self._put(item):
                return

    def _put(self, item: _Item | _End) -> bool:
        """Put an item; return whether somebody is there to take it."""
        while not self._is_left.is_set():
            try:
                self._queue.put(item, timeout=_LOOK_S)
            except Full:
                continue
            return True
        return False


#: Streams whose threads run: none may when the interpreter ends.
_running: set[_Stream[Any]] = set()


@atexit.register
def _end_all() -> None:
    for stream in list(_running):
        stream.end()
