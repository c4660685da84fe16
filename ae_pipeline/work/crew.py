"""Worker processes, each led by a thread of this one: what a thread is given, its worker does.

Processes do not wait for each other's interpreter lock.
"""

from __future__ import annotations

import logging
from queue import Empty, LifoQueue
from typing import Any, Generic  # Any: whatever work makes

from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.work.attempt import AnItem, AnyMade, Work
from ae_pipeline.work.orders import Orders
from ae_pipeline.work.process import Worker, WorkerDiedError

#: An item in whose course so many workers died is not tried again.
_MOST_DEATHS = 2

logger = logging.getLogger(__name__)


class Crew(Generic[AnItem, AnyMade]):
    """Worker processes that do some work.

    Args:
        work: what they do.
        pool: of workers.
    """

    def __init__(self, work: Work[AnItem, AnyMade], pool: Pool) -> None:
        self._orders = Orders.of(work)
        self._pool = pool

    def attempt(self, item: AnItem) -> AnyMade | FragmentFailure:
        """Let a worker work on an item; another one if it dies, and a failure if that dies, too.

        Raises:
            Abandoned: the work was cancelled; the worker has ended.
            ClusterError: no worker can be started.
            Exception: a bug in the work.
        """
        for _ in range(_MOST_DEATHS):
            try:
                return self._attempt(item)
            except WorkerDiedError as error:
                reason = str(error)
                logger.warning("%s: its worker process %s", item.relative, reason)
        message = f"{_MOST_DEATHS} worker processes died at it, the last one {reason}"
        if "SIGKILL" in reason:
            message += ": it may need more memory than there is; try fewer workers"
        return FragmentFailure(item.relative, message, is_retriable=False)

    def _attempt(self, item: AnItem) -> Any:
        worker = self._pool.take()
        try:
            made = worker.attempt(self._orders, item)
        except BaseException:
            worker.end()
            raise
        self._pool.give_back(worker)
        return made


class Pool:
    """Worker processes, started as they are needed and used again; they end with its context."""

    def __init__(self) -> None:
        self._idle: LifoQueue[Worker] = LifoQueue()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        while not self._idle.empty():
            self._idle.get().end()

    def take(self) -> Worker:
        """Return an idle worker, or start one."""
        try:
            return self._idle.get_nowait()
        except Empty:
            return Worker()

    def give_back(self, worker: Worker) -> None:
        """Let others use a worker."""
        self._idle.put(worker)
