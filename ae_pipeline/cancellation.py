"""Signs of life from long work in a thread, and a way to cancel it, both at every batch of rows.

A thread cannot be interrupted from outside; it checks by itself whether its work is still wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Abandoned(BaseException):
    """The work is cancelled; not an `Exception`, so that nothing handles it as an error."""


class Pulse:
    """The pulse of the work of one thread.

    Args:
        stop: set to cancel the work.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._last = time.monotonic()

    def beat(self) -> None:
        """Report progress; `Abandoned` if the work is cancelled."""
        self.check()
        self._last = time.monotonic()

    def check(self) -> None:
        """Raise `Abandoned` if the work is cancelled."""
        if self._stop.is_set():
            raise Abandoned

    @property
    def quiet_s(self) -> float:
        """Seconds since the last beat."""
        return time.monotonic() - self._last


_pulse: ContextVar[Pulse | None] = ContextVar("pulse", default=None)


@contextmanager
def using(pulse: Pulse) -> Iterator[None]:
    """Let `beat` report to `pulse` inside the context."""
    token = _pulse.set(pulse)
    try:
        yield
    finally:
        _pulse.reset(token)


def beat() -> None:
    """Beat the pulse of this context, if it has one; `Abandoned` if its work is cancelled."""
    pulse = _pulse.get()
    if pulse is not None:
        pulse.beat()


def check_wanted() -> None:
    """Raise `Abandoned` if the work of this context is cancelled; no sign of life."""
    pulse = _pulse.get()
    if pulse is not None:
        pulse.check()
