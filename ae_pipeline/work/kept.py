"""Workers that are kept from one step of a job to the next, as they take long to start."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar  # Any: of several kinds

_Workers = TypeVar("_Workers")


class Kept:
    """Workers by what they are for; they end with the stack.

    Args:
        stack: on which they are.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._made: dict[Hashable, Any] = {}

    def get(self, key: Hashable, start: Callable[[], AbstractContextManager[_Workers]]) -> _Workers:
        """Return the workers of this key; start them if there are none."""
        if key not in self._made:
            self._made[key] = self._stack.enter_context(start())
        found: _Workers = self._made[key]
        return found


_kept: ContextVar[Kept | None] = ContextVar("kept", default=None)


@contextmanager
def keeping_workers() -> Iterator[Kept]:
    """Keep workers from one work to the next inside the context; they end with the outermost."""
    kept = _kept.get()
    if kept is not None:
        yield kept
        return
    with ExitStack() as stack:
        made = Kept(stack)
        token = _kept.set(made)
        try:
            yield made
        finally:
            _kept.reset(token)
