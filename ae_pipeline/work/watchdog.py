"""Watch running fragments: warn of those that make no progress, and cancel all of them together.

A call of the operating system that does not return cannot be ended from here, only reported.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

from ae_pipeline.cancellation import Pulse, using
from ae_pipeline.errors import listing

#: Warn of a fragment after this long without progress, then after twice as long, and so on.
PATIENCE_S = 300.0
#: Checks of all pulses within that time.
_LOOKS = 10
#: The most fragments that a warning names.
_NAMED = 5

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass
class _Watched:
    pulse: Pulse
    patience_s: float


class Watch:
    """Watches the work of several threads.

    Args:
        patience_s: warn of a fragment that makes no progress for this long.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._stop = threading.Event()
        self._watched: dict[str, _Watched] = {}

    @property
    def running(self) -> list[str]:
        """Names of the fragments that threads work on now."""
        return list(self._watched)

    @contextmanager
    def over(self, relative: str) -> Iterator[None]:
        """Watch the work on one fragment inside this context."""
        pulse = Pulse(self._stop)
        self._watched[relative] = _Watched(pulse, self._patience_s)
        try:
            with using(pulse):
                yield
        finally:
            del self._watched[relative]

    def cancel(self) -> None:
        """Let all work end at its next batch."""
        self._stop.set()

    def wait_for(self, queue: SimpleQueue[T]) -> T:
        """Return the next item of a queue; warn of quiet fragments while waiting."""
        while True:
            try:
                return queue.get(timeout=self._patience_s / _LOOKS)
            except Empty:
                self._warn_of_quiet()

    def _warn_of_quiet(self) -> None:
        quiet = []
        for relative, watched in list(self._watched.items()):
            seconds = watched.pulse.quiet_s
            if seconds < self._patience_s:
                watched.patience_s = self._patience_s
            elif seconds >= watched.patience_s:
                watched.patience_s = 2 * seconds
                quiet.append(f"{relative} ({seconds:.0f} s)")
        if quiet:
            logger.warning(
                "still waiting, without progress: %s; does their storage answer?",
                listing(quiet, _NAMED),
            )
