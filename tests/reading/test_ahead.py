"""Streams made ahead in a thread: whole, in order, and over when nobody reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from ae_pipeline.reading.ahead import made_ahead

NAME: ContextVar[str] = ContextVar("name", default="")


def scans() -> int:
    """Threads of streams that run."""
    return sum(thread.name == "scan" for thread in threading.enumerate())


def test_all_items_in_order() -> None:
    """Every item comes, in order, and the thread ends."""
    assert list(made_ahead(lambda: iter(range(100)))) == list(range(100))
    assert scans() == 0


def test_an_error_comes_after_the_items_before_it() -> None:
    """The error that ends a stream is raised where it is read."""

    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    stream = made_ahead(broken)
    assert next(stream) == 1
    with pytest.raises(OSError, match="gone"):
        next(stream)
    assert scans() == 0


def test_closing_ends_the_thread() -> None:
    """A stream that is left ends its thread, and what makes it is closed there."""
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    stream = made_ahead(endless)
    assert next(stream) == 1
    stream.close()
    assert closed.is_set()
    assert scans() == 0


def test_the_maker_has_the_readers_context() -> None:
    """What makes a stream sees the context in which it was begun."""
    token = NAME.set("reader")
    try:
        assert list(made_ahead(lambda: iter([NAME.get()]))) == ["reader"]
    finally:
        NAME.reset(token)
