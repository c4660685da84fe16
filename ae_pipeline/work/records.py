"""Log records of workers, logged by the process of the job."""

from __future__ import annotations

import logging


def level_wanted() -> int:
    """Return the level from which on this package's records are wanted."""
    return logging.getLogger("ae_pipeline").getEffectiveLevel()


def portable(record: logging.LogRecord) -> logging.LogRecord:
    """Return a record that can be pickled, whatever it is about."""
    record.msg, record.args = record.getMessage(), None
    if record.exc_info:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    record.exc_info = None
    return record


def handle(record: logging.LogRecord) -> None:
    """Log a record of another process, unless it is not wanted here."""
    theirs = logging.getLogger(record.name)
    if theirs.isEnabledFor(record.levelno):
        theirs.handle(record)
