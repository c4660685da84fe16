"""A worker process: it opens the work that it is sent, and answers for each item of it.

Nothing is left of it once the process that started it is gone: it ends when it next reads from or
writes to it, at the latest at the next batch of rows, and its half-written files with it.
"""

from __future__ import annotations

import logging
import pickle
import signal
import threading
import time
import traceback
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Literal, TypeAlias  # Any: what a message carries depends on its kind

from ae_pipeline.cancellation import Abandoned, Pulse, using
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.protection import protecting
from ae_pipeline.store import accept, take_credentials, take_news
from ae_pipeline.work.attempt import Item, attempt
from ae_pipeline.work.look_ahead import sharing
from ae_pipeline.work.orders import Orders
from ae_pipeline.work.records import portable

#: The most seconds between two signs of life, and so the least between most of them.
BEAT_S = 1.0

#: ready: nothing, once, at first. made: a result or a failure. bug: an exception. log: a record.
#: beat: nothing. news: of object stores.
Kind = Literal["ready", "made", "bug", "log", "beat", "news"]
Message: TypeAlias = tuple[Kind, Any]
#: An item, and how many threads may work on it.
Asked: TypeAlias = tuple[Item, int]


class _Line:
    """Sends messages of several threads, one after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()

    def send(self, kind: Kind, content: object = None) -> None:
        """Send a message; `Abandoned` if nobody is left to read it."""
        try:
            with self._lock:
                self._connection.send((kind, content))
        except OSError as error:
            raise Abandoned from error


class _SentPulse(Pulse):
    """Tells the other process of beats, and ends the work when that is gone."""

    def __init__(self, line: _Line) -> None:
        super().__init__(threading.Event())
        self._line, self._sent = line, time.monotonic()

    def beat(self) -> None:
        super().beat()
        now = time.monotonic()
        if now - self._sent >= BEAT_S:
            self._line.send("beat")
            self._sent = now


class _SentRecords(logging.Handler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        self._line.send("log", portable(record))


def serve(descriptor: int) -> None:
    """Work on items that come through a socket, until it closes."""
    for number in (signal.SIGTERM, signal.SIGINT):  # for whoever leads it, and then closes the line
        signal.signal(number, signal.SIG_IGN)
    with Connection(descriptor) as connection, suppress(EOFError, Abandoned):
        line = _Line(connection)
        line.send("ready")
        orders = connection.recv()
        pin_blas_threads()
        with using(_SentPulse(line)):
            while True:
                orders = _carry_out(orders, connection, line)


def _carry_out(orders: Orders, connection: Connection, line: _Line) -> Orders:
    """Answer for items until there are other orders, and return these."""
    logging.basicConfig(level=orders.level, handlers=[_SentRecords(line)], force=True)
    take_credentials(connection.recv_bytes())
    accept(orders.stores)
    act = None
    while True:
        sent: Asked | Orders = connection.recv()
        if isinstance(sent, Orders):
            return sent
        item, n_threads = sent
        try:
            act = act or orders.work.open()
            with protecting(orders.protected), sharing(partial(int, n_threads)):
                made = attempt(act, item)
        except Exception as error:  # a bug, which is raised in the other process
            line.send("bug", _portable(error))
        else:
            news = take_news()
            if news is not None:
                line.send("news", news)
            line.send("made", made)


def _portable(error: Exception) -> Exception:
    """Return the error, or one that says the same where it cannot travel, with its traceback."""
    told = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301, our own
    except Exception:  # whatever its class does
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"in a worker process:\n{told}")
    return error
