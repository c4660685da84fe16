"""A sign of life of long work in a thread, and the way to end it: both at every batch of rows.

A thread cannot be interrupted from outside; it looks by itself whether it is still wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Abandoned(BaseException):
    """The work in hand is not wanted any more; no error, so nothing handles it as one."""


class Pulse:
    """Of the work of one thread.

    Args:
        stop: set once the work is not wanted any more.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._last = time.monotonic()

    def beat(self) -> None:
        """Say that there was progress; `Abandoned` if the work is to end."""
        if self._stop.is_set():
            raise Abandoned
        self._last = time.monotonic()

    @property
    def quiet_s(self) -> float:
        """Seconds since the last beat."""
        return time.monotonic() - self._last


_pulse: ContextVar[Pulse | None] = ContextVar("pulse", default=None)


@contextmanager
def using(pulse: Pulse) -> Iterator[None]:
    """Let `beat` inside, in this context, be that of `pulse`."""
    token = _pulse.set(pulse)
    try:
        yield
    finally:
        _pulse.reset(token)


def beat() -> None:
    """Beat the pulse of this context, if it has one; `Abandoned` if its work is to end."""
    pulse = _pulse.get()
    if pulse is not None:
        pulse.beat()
