"""Listeners to progress: bars in a terminal, none elsewhere (the log has a line per event)."""

from collections.abc import Iterator
from contextlib import contextmanager

from ae_pipeline.cli.running.progress import progress_bars
from ae_pipeline.results.progress import Progress, silent

_listeners: list[Progress] = []


def listener() -> Progress:
    """Return the listener that the command line set up in this process, or a silent one."""
    return _listeners[-1] if _listeners else silent


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show bars on stderr for the runs inside."""
    with progress_bars() as listen:
        _listeners.append(listen)
        try:
            yield
        finally:
            _listeners.pop()
