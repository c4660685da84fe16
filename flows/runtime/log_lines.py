"""Filters for lines that a run's log does not need.

A line per fragment suits hundreds of fragments but not thousands: Prefect takes milliseconds per
line, longer than a small fragment takes. A traceback says where the code is wrong; an expected
error says what is wrong with the data or the settings.
"""

import logging
import time
from collections.abc import Callable

from ae_pipeline.errors import AePipelineError

#: Loggers that write a line for every fragment.
_TALKATIVE = (
    "ae_pipeline.upkeep.prune",
    "ae_pipeline.fragments.decode",
    "ae_pipeline.fragments.encode",
    "ae_pipeline.upkeep.retiring.retention",
)
#: Loggers that report, on a worker, exceptions that left a flow.
_ENGINES = ("prefect.engine", "prefect.flow_runs")
_LINES_AT_ONCE = 50
_LINES_PER_SECOND = 2.0


class FewLines(logging.Filter):
    """Let through a burst of lines, then a few per second; warnings always pass.

    The next line that passes says how many were left out.

    Args:
        burst: lines that may come at once.
        per_second: lines that may follow.
        clock: returns seconds that never decrease.
    """

    def __init__(
        self, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._burst, self._per_second, self._clock = float(burst), per_second, clock
        self._allowed, self._asked, self._left_out = self._burst, clock(), 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether this line may pass."""
        if record.levelno >= logging.WARNING:
            return True
        now = self._clock()
        earned = (now - self._asked) * self._per_second
        self._allowed, self._asked = min(self._burst, self._allowed + earned), now
        if self._allowed < 1:
            self._left_out += 1
            return False
        self._allowed -= 1
        if self._left_out:
            record.msg, record.args = f"{record.getMessage()} ({self._left_out} lines left out)", ()
            self._left_out = 0
        return True


def is_news(record: logging.LogRecord) -> bool:
    """Return False for the traceback of an expected error: the run's final state has its line."""
    return not (record.exc_info and isinstance(record.exc_info[1], AePipelineError))


def limit_lines() -> None:
    """Limit this process's loggers: lines per fragment, and Prefect's tracebacks."""
    for name in _ENGINES:
        logging.getLogger(name).addFilter(is_news)
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(one, FewLines) for one in logger.filters):
            logger.addFilter(FewLines(_LINES_AT_ONCE, _LINES_PER_SECOND))
