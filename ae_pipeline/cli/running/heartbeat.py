"""A line every 30 seconds where nobody sees bars: in logs of schedulers, in pipes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ae_pipeline.cli.running.pace import Pace, duration_words
from ae_pipeline.escaping import visible
from ae_pipeline.results.progress import Progress, ProgressEvent

#: Seconds between two lines.
PERIOD_S = 30.0
#: The stage that trains, and the one that it is a part of.
_TRAINING, _CHOICE = "train", "choose"
Clock = Callable[[], float]


class Heartbeat:
    """Tells of the latest event, whether or not another has come since.

    Args:
        tell: prints a line.
        clock: seconds, from any beginning.
    """

    def __init__(self, tell: Callable[[str], object], clock: Clock = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._begun_s = clock()
        self._pace: Pace | None = None
        self._choice = ""

    def listen(self, event: ProgressEvent) -> None:
        """Remember an event; a `Progress`."""
        now = self._clock()
        self._choice = event.detail if event.stage == _CHOICE else self._choice
        pace = self._pace
        if pace is None or not pace.goes_on(event):
            self._pace = Pace.begun(event, now)
        else:
            self._pace = Pace(event, pace.first_s, pace.first_done, now)

    def beat(self) -> None:
        """Tell how far the work is."""
        now, pace = self._clock(), self._pace
        spent = f"{duration_words(now - self._begun_s)} so far"
        if pace is None:
            self._tell(f"at work: {spent}")
            return
        parts = (pace.count_words(), pace.rate_words(), spent, pace.left_words(now))
        choice = self._choice if pace.event.stage == _TRAINING else ""
        details = "; ".join(filter(None, (choice, visible(pace.event.detail))))
        told = ", ".join(filter(None, parts))
        self._tell(f"{pace.event.stage}: {told}{f': {details}' if details else ''}")


@contextmanager
def beating(
    heartbeat: Heartbeat, wait: Callable[[threading.Event], bool] | None = None
) -> Iterator[Progress]:
    """Beat every 30 seconds, in a thread, until the block ends.

    Args:
        heartbeat: tells.
        wait: for the end, as long as a period takes; returns whether it has come.
    """
    end = threading.Event()
    pause = wait or (lambda event: event.wait(PERIOD_S))

    def run() -> None:
        while not pause(end):
            heartbeat.beat()

    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield heartbeat.listen
    finally:
        end.set()
        thread.join()
