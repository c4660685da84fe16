"""How far a verb is, in a notebook: one line that changes, and is gone when the verb is done.

IPython is not needed. Where none runs, or it runs in a terminal, nothing is shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape

from ae_pipeline.cli.running.heartbeat import Clock, Heartbeat
from ae_pipeline.results.progress import Progress, ProgressEvent, silent

#: Seconds between two changes of the line, but for a new stage.
_PERIOD_S = 0.2
_STYLE = "white-space: nowrap; overflow: hidden; text-overflow: ellipsis"

#: Shows a line in place of the one before.
Show = Callable[[str], object]


@contextmanager
def followed(progress: Progress | None) -> Iterator[Progress]:
    """Yield the listener of a call: the caller's own, or one that shows a line in notebooks.

    Args:
        progress: of the caller; None for the line.
    """
    if progress is not None:
        yield progress
    elif not in_notebook():
        yield silent
    else:
        with live_line(_display()) as listen:
            yield listen


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")  # a kernel has imported it
    shell = None if ipython is None else ipython.get_ipython()
    return hasattr(shell, "kernel")


@contextmanager
def live_line(show: Show, clock: Clock = time.monotonic) -> Iterator[Progress]:
    """Show the latest event while the block runs; the last line stays if it fails.

    Args:
        show: shows a line.
        clock: seconds, from any beginning.
    """
    heartbeat = Heartbeat(show, clock)
    stage, shown_s = "", 0.0

    def listen(event: ProgressEvent) -> None:
        nonlocal stage, shown_s
        heartbeat.listen(event)
        if event.stage != stage or clock() - shown_s >= _PERIOD_S:
            stage, shown_s = event.stage, clock()
            heartbeat.beat()

    yield listen
    if stage:
        show("")


def _display() -> Show:
    """Return what shows a line in the output of the cell that runs."""
    from IPython.display import DisplayHandle  # noqa: PLC0415, only where it runs

    handle = DisplayHandle()
    is_there = False

    def show(line: str) -> None:
        nonlocal is_there
        html = f'<div style="{_STYLE}">{escape(line)}</div>' if line else ""
        change = handle.update if is_there else handle.display
        change({"text/plain": line, "text/html": html}, raw=True)
        is_there = True

    return show
