"""How fast a stage goes, and how long it takes from now, in words."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.progress import ProgressEvent

#: What a stage counts.
_UNITS = {
    "encode": "files",
    "decode": "files",
    "verify": "files",
    "plan": "files",
    "measure": "row groups",
    "choose": "candidates",
    "train": "steps",
    "table": "columns",
    "drift": "partitions",
}
#: Stages whose units take so different times that what is left says nothing.
_UNEVEN = {"choose"}
#: Below this rate, in units per second, units per minute are told.
_SLOW = 0.1
#: From this rate on nobody cares for a fraction.
_FAST = 10.0


@dataclass
class Pace:
    """The latest event of a stage, and since when it runs.

    Args:
        event: the latest.
        first_s: when the stage began, by the clock of whoever listens.
        first_done: units that were complete then.
        last_s: when the latest event came.
    """

    event: ProgressEvent
    first_s: float
    first_done: int
    last_s: float

    @classmethod
    def begun(cls, event: ProgressEvent, now_s: float) -> Pace:
        """Return the pace of a stage that begins with this event."""
        return cls(event, now_s, event.done, now_s)

    def goes_on(self, event: ProgressEvent) -> bool:
        """Whether an event belongs to the same run of the stage; a stage may run again."""
        return event.stage == self.event.stage and event.done >= self.event.done

    def rate(self) -> float | None:
        """Return units per second so far; None before the first."""
        spent, made = self.last_s - self.first_s, self.event.done - self.first_done
        return made / spent if spent > 0 and made > 0 else None

    def rate_words(self) -> str:
        """Return the rate: `2.1 files/s`; empty before it is known."""
        rate, unit = self.rate(), _UNITS.get(self.event.stage, "units")
        if rate is None or self.event.stage in _UNEVEN:
            return ""
        if rate < _SLOW:
            return f"{60 * rate:.2g} {unit}/min"
        return f"{rate:,.0f} {unit}/s" if rate >= _FAST else f"{rate:.2g} {unit}/s"

    def left_words(self, now_s: float) -> str:
        """Return the time until the end: `2 min left`; empty before it is known."""
        rate, left = self.rate(), self.event.total - self.event.done
        if rate is None or left <= 0 or self.event.stage in _UNEVEN:
            return ""
        return f"{duration_words(max(left / rate - (now_s - self.last_s), 1.0))} left"

    def count_words(self) -> str:
        """Return what is done: `120 of 400 files`; empty where the detail of an event says it."""
        if self.event.stage in _UNEVEN:
            return ""
        unit = _UNITS.get(self.event.stage, "units")
        return f"{self.event.done:,} of {self.event.total:,} {unit}"


def duration_words(seconds: float) -> str:
    """Return a duration in its two largest units: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60:,} h {minutes % 60} min"
