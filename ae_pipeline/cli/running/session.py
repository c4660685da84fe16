"""The command that runs in this process: how it was asked to speak."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any  # typer's context, whose class has no public name


@dataclass(frozen=True)
class Session:
    """One call of a verb.

    Args:
        context: of the verb; None in a process that typer did not start.
        is_json: the result goes to a program.
        is_quiet: only warnings and errors are shown, and what was asked for by its format.
        shows_all: tables are not cut.
    """

    context: Any = None
    is_json: bool = False
    is_quiet: bool = False
    shows_all: bool = False


_DEFAULT = Session()
_CURRENT = ContextVar("session", default=_DEFAULT)


def current() -> Session:
    """Return the session of the verb that runs, or one of defaults."""
    return _CURRENT.get()


@contextmanager
def begun(session: Session) -> Iterator[None]:
    """Make a session the current one."""
    token = _CURRENT.set(session)
    try:
        yield
    finally:
        _CURRENT.reset(token)
