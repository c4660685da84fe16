"""The terminal: tables on stdout, one line for an error on stderr.

Output never decides whether a verb succeeds: characters that the encoding lacks are escaped, and a
closed pipe is not an error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any  # Any: whatever rich prints

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from ae_pipeline.escaping import visible


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
def keeping_quiet(is_quiet: bool) -> Iterator[None]:
    """Print nothing on stdout that is meant for people, if asked to."""
    former, stdout.quiet = stdout.quiet, is_quiet or stdout.quiet
    try:
        yield
    finally:
        stdout.quiet = former
