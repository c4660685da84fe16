"""The terminal: progress on stderr, tables on stdout, one line for an error.

Output never decides whether a verb succeeds: characters that the encoding lacks are escaped, and a
closed pipe is not an error.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any  # Any: whatever rich prints

from rich.console import Console, ConsoleOptions, RenderableType
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.segment import Segment

from ae_pipeline.escaping import one_line, visible
from ae_pipeline.results.progress import Progress as ProgressListener
from ae_pipeline.results.progress import ProgressEvent


class SafeConsole(Console):
    """A terminal that only our own styles can control, whatever names are printed.

    Text is escaped as it arrives, and again once it is split into segments: tables, bars and logs
    escape their text themselves to keep widths right, and could forget to. After the reader has
    closed the pipe, output is discarded.
    """

    def on_broken_pipe(self) -> None:
        """Discard output; rich would end the process."""
        _silence(self.file)

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich does, with each text on one line."""
        _escape_unprintable(self.file)
        escaped = (visible(one) if isinstance(one, str) else one for one in objects)
        super().print(*escaped, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As rich does, without control characters; the stream escapes what its encoding lacks."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else piece._replace(text=_visible_lines(piece.text))


def _visible_lines(text: str) -> str:
    is_plain = text == "\n" or text.isprintable()
    return text if is_plain else "\n".join(map(visible, text.split("\n")))


stdout = SafeConsole(highlight=False, markup=False, emoji=False)
stderr = SafeConsole(stderr=True, highlight=False, markup=False, emoji=False)


def escape_unprintable() -> None:
    """Let stdout and stderr escape characters that their encodings lack: names hold anything."""
    for stream in (sys.stdout, sys.stderr):
        _escape_unprintable(stream)


def _escape_unprintable(stream: object) -> None:
    if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
        stream.reconfigure(errors="backslashreplace")


def print_plain(text: str) -> None:
    """Print text on stdout unchanged, for programs."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _silence(sys.stdout)


def silence_stdout() -> None:
    """Discard what is still to be printed: the reader has closed the pipe."""
    _silence(sys.stdout)


def _silence(stream: IO[str]) -> None:
    """Discard everything still buffered and everything that follows."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def progress_bars() -> Iterator[ProgressListener]:
    """One bar per stage; nothing if stderr is not a terminal."""
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
    )
    with Progress(*columns, console=stderr, disable=not stderr.is_terminal) as bars:
        tasks: dict[str, int] = {}

        def listen(event: ProgressEvent) -> None:
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage, total=event.total, detail="")
            task = bars.tasks[tasks[event.stage]].id
            bars.update(task, completed=event.done, total=event.total, detail=visible(event.detail))

        yield listen


def set_up_logging(is_verbose: bool) -> None:
    """Log warnings, and with `is_verbose` one line per fragment and epoch."""
    logging.basicConfig(
        level=logging.INFO if is_verbose else logging.WARNING,
        handlers=[_colourful() if stderr.is_terminal else _plain()],
    )


def _colourful() -> logging.Handler:
    """For people: folded to the width of the terminal."""
    handler = RichHandler(console=stderr, show_path=False, markup=False)
    handler.setFormatter(logging.Formatter("%(message)s", "%H:%M:%S"))
    return handler


def _plain() -> logging.Handler:
    """For files and pipes: one line per record, so that grep finds it."""
    handler = logging.StreamHandler(stderr.file)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)-8s %(message)s", "%H:%M:%S"))
    return handler


class _OneLine(logging.Formatter):
    """Formats every record as one line, whatever its message holds."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        return one_line(super().format(record))
