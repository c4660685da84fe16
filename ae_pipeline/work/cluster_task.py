"""Tasks of a job for the workers of a Dask cluster.

All that goes through the scheduler is plain: names, and bytes that only workers unpack. So a
scheduler runs without this package.
"""

from __future__ import annotations

import ctypes
import logging
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any  # items and results of any work

from distributed import WorkerPlugin

from ae_pipeline.cancellation import Abandoned, Pulse, using
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.locations import location_of, parse
from ae_pipeline.protection import protecting
from ae_pipeline.store import News, accept, take_news
from ae_pipeline.work.attempt import Item, attempt
from ae_pipeline.work.orders import Orders
from ae_pipeline.work.records import portable

#: Answers of `look` and `attempt_packed`: plain, or pickled.
Standing = tuple[str, tuple[str, ...]]
Records = list[logging.LogRecord]
#: What came of an item, what was logged meanwhile, and what changed in object stores.
Told = tuple[object, Records, News | None]

#: Of glibc's `mallopt`: memory is given back, and mapped anew, from these sizes on. Dask sets the
#: first to 64 KiB, at which encoding takes twice the CPU time.
_TRIM, _MAP = (-1, 256 << 20), (-3, 32 << 20)

#: Codecs of so many runs stay open.
_MOST_OPENED = 4

#: Pickled orders by run.
_orders: dict[str, bytes] = {}


def look(paths: Sequence[str]) -> Standing:
    """Return a worker's version of this package, and those paths of files that it lacks."""
    files = (path for path in paths if parse(path) is None and location_of(path) is None)
    return version("ae-pipeline"), tuple(path for path in files if not Path(path).exists())


class OrdersPlugin(WorkerPlugin):  # type: ignore[misc]  # Dask has no types
    """Orders, which the scheduler keeps for all workers, those that start later, too.

    Args:
        run: name of the run.
        orders: pickled.
    """

    def __init__(self, run: str, orders: bytes) -> None:
        self.name, self._orders = run, orders

    def setup(self, worker: object) -> None:
        """Prepare a worker, and hand it the orders."""
        pin_blas_threads()
        _tune_memory()
        _orders[self.name] = self._orders

    def teardown(self, worker: object) -> None:
        """Let the worker's tasks of this run end at their next batch of rows."""
        _orders.pop(self.name, None)


def attempt_packed(run: str, item: bytes) -> bytes:
    """Work on an item; return what came of it and the records that were logged, pickled.

    Args:
        run: whose orders the worker has.
        item: pickled.

    Raises:
        Abandoned: the run has ended.
        Exception: a bug.
    """
    orders, act = _opened(run, _orders.get(run))
    asked: Item = pickle.loads(item)  # noqa: S301, our own
    with (
        _recording(orders.level) as records,
        protecting(orders.protected),
        using(Pulse(_Ended(run))),
    ):
        made = attempt(act, asked)
    told: Told = made, records, take_news()
    return pickle.dumps(told)


class _Ended(threading.Event):
    """Set once a run has ended on this worker."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def is_set(self) -> bool:
        return self._run not in _orders


@lru_cache(_MOST_OPENED)
def _opened(run: str, packed: bytes | None) -> tuple[Orders, Callable[[Any], object]]:
    if packed is None:
        raise Abandoned
    orders: Orders = pickle.loads(packed)  # noqa: S301, our own
    accept(orders.stores)
    return orders, orders.work.open()


def _tune_memory() -> None:
    with suppress(OSError, AttributeError):  # another C library
        libc = ctypes.CDLL("libc.so.6")
        for parameter, n_bytes in (_TRIM, _MAP):
            libc.mallopt(parameter, n_bytes)


@contextmanager
def _recording(level: int) -> Iterator[Records]:
    """Collect what this thread logs inside."""
    records: Records = []
    handler = _Collector(records)
    ours = logging.getLogger("ae_pipeline")
    ours.setLevel(level)
    ours.addHandler(handler)
    try:
        yield records
    finally:
        ours.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self, records: Records) -> None:
        super().__init__()
        self._records, self._thread = records, threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._records.append(portable(record))
