"""The log of a run: on stderr, and in a file if one is named."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.logging import RichHandler

from ae_pipeline.cli.terminal import stderr
from ae_pipeline.errors import AePipelineError, UnwritableDestinationError
from ae_pipeline.escaping import one_line

_DAY, _TIME = "%Y-%m-%d %H:%M:%S", "%H:%M:%S"
_LINE = "%(asctime)s %(levelname)-8s %(message)s"
#: What commands print themselves, which only a file is told again.
told = logging.getLogger("ae_pipeline.cli.told")
told.propagate = False
told.addHandler(logging.NullHandler())


@contextmanager
def logging_to(file: Path | None, is_verbose: bool) -> Iterator[None]:
    """Log warnings, and with `is_verbose` one line per fragment and epoch; to a file, all of it.

    The file also gets the summary and the errors that commands print.

    Raises:
        UnwritableDestinationError: the file cannot be written.
    """
    own = None if file is None else _in_file(file)
    handlers = [_on_stderr(is_verbose), *([] if own is None else [own])]
    root = logging.getLogger()
    former = root.level
    root.setLevel(logging.WARNING if own is None and not is_verbose else logging.INFO)
    with ExitStack() as ends:
        ends.callback(root.setLevel, former)
        for handler in handlers:
            _attach(root, handler, ends)
        if own is not None:
            _attach(told, own, ends)
            told.setLevel(logging.INFO)
            ends.callback(own.close)
        try:
            yield
        except (AePipelineError, OSError) as error:
            told.error("error: %s", error)
            raise


def _attach(logger: logging.Logger, handler: logging.Handler, ends: ExitStack) -> None:
    logger.addHandler(handler)
    ends.callback(logger.removeHandler, handler)


def _on_stderr(is_verbose: bool) -> logging.Handler:
    handler = _colourful() if stderr.is_terminal else _plain()
    handler.setLevel(logging.INFO if is_verbose else logging.WARNING)
    return handler


def _colourful() -> logging.Handler:
    """For people: folded to the width of the terminal."""
    handler = RichHandler(console=stderr, show_path=False, markup=False)
    handler.setFormatter(logging.Formatter("%(message)s", _TIME))
    return handler


def _plain() -> logging.Handler:
    """For pipes: one line per record, so that grep finds it."""
    handler = logging.StreamHandler(stderr.file)
    handler.setFormatter(_OneLine(_LINE, _TIME))
    return handler


def _in_file(file: Path) -> logging.Handler:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UnwritableDestinationError(
            "cannot write the log", where=str(file), got=error.strerror or str(error)
        ) from None
    handler.setFormatter(_OneLine(_LINE, _DAY))
    return handler


class _OneLine(logging.Formatter):
    """Formats every record as one line, whatever its message holds."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        return one_line(super().format(record))
