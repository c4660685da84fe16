"""A Dask cluster as the crew of a job: one task for each item, each led by a thread.

Source, destination and codec lie where all workers see them. What a task writes appears whole or
not at all, so a task that runs twice, as tasks of a lost worker do, does no harm.
"""

from __future__ import annotations

import pickle
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Any, Generic  # Any: Dask has no types

from distributed import KilledWorker

from ae_pipeline.cancellation import check_wanted
from ae_pipeline.errors import ClusterError, listing
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.store import News, hear
from ae_pipeline.work.attempt import AnItem, AnyMade, Item, Work
from ae_pipeline.work.cluster_task import OrdersPlugin, Records, Standing, attempt_packed, look
from ae_pipeline.work.orders import Orders
from ae_pipeline.work.records import handle

_LOOK_S, _WORKERS_S = 0.25, 30
_MOST_THREADS = 256
_AGAIN = "run again; what is written is not written twice"
_INSTALL = "install this version on every worker"


class Cluster:
    """Connection to a cluster whose workers can do this job.

    Args:
        client: of Dask.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def n_threads(self) -> int:
        """Tasks that the cluster does at a time, as far as this job leads them."""
        return min(max(sum(self._client.ncores().values()), 1), _MOST_THREADS)

    def check(self, paths: Sequence[str]) -> None:
        """Look whether every worker has this version of the package, and sees these paths.

        Raises:
            ClusterError: there is no worker, or one cannot do the job.
        """
        with suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=_WORKERS_S)
        found: dict[str, Standing] = self._client.run(look, tuple(paths), on_error="return")
        if not found:
            raise ClusterError("the cluster has no workers", remedy="start some, and run again")
        for worker, standing in found.items():
            _check_standing(worker, standing)

    @contextmanager
    def crew(self, work: Work[AnItem, AnyMade]) -> Iterator[ClusterCrew[AnItem, AnyMade]]:
        """Yield what leads the tasks of a work; those that run end with the context."""
        plugin = OrdersPlugin(uuid.uuid4().hex, pickle.dumps(Orders.of(work)))
        self._client.register_plugin(plugin)
        try:
            yield ClusterCrew(self._client, plugin.name, work.makes)
        finally:
            if self._client.status == "running":
                with suppress(OSError, TimeoutError):
                    self._client.unregister_worker_plugin(plugin.name)


class ClusterCrew(Generic[AnItem, AnyMade]):
    """Leads the tasks of one work.

    Args:
        client: of Dask.
        run: whose orders the workers have.
        makes: class of what comes of an item.
    """

    def __init__(self, client: Any, run: str, makes: type[AnyMade]) -> None:
        self._client, self._run, self._makes = client, run, makes
        self._one_by_one = threading.Lock()

    def attempt(self, item: AnItem) -> AnyMade | FragmentFailure:
        """Let a worker work on an item.

        Raises:
            Abandoned: the work was cancelled.
            ClusterError: the connection to the scheduler was lost.
            Exception: a bug in the work.
        """
        try:
            return self._attempt(item)
        except KilledWorker:
            # Dask suspects all that a worker that dies was given. One by one, the innocent succeed.
            with self._one_by_one:
                return self._attempt_suspect(item)

    def _attempt_suspect(self, item: AnItem) -> AnyMade | FragmentFailure:
        try:
            return self._attempt(item)
        except KilledWorker as error:
            message = f"all worker processes that tried it died, the last one {error.last_worker}"
            return FragmentFailure(item.relative, message, is_retriable=False)

    def _attempt(self, item: AnItem) -> AnyMade | FragmentFailure:
        packed = pickle.dumps(item)
        future = self._client.submit(attempt_packed, self._run, packed, pure=False)
        is_done = threading.Event()
        future.add_done_callback(lambda _: is_done.set())
        try:
            while not is_done.wait(_LOOK_S):
                check_wanted()
                self._check_connected()
        except BaseException:
            future.cancel()
            raise
        return _came_of(future, item, self._makes)

    def _check_connected(self) -> None:
        if self._client.status != "running":
            raise ClusterError("the Dask scheduler was lost", remedy=_AGAIN)


def _came_of(future: Any, item: Item, makes: type[AnyMade]) -> AnyMade | FragmentFailure:
    if future.status not in ("finished", "error"):
        raise ClusterError(
            "a task was lost with its Dask scheduler",
            where=item.relative,
            got=str(future.status),
            remedy=_AGAIN,
        )
    made, records, news = _unpacked(future.result(), makes)
    for record in records:
        handle(record)
    if news is not None:
        hear(news)
    return made


def _check_standing(worker: str, standing: Standing | BaseException) -> None:
    if isinstance(standing, BaseException):
        raise ClusterError(
            "a worker cannot load ae-pipeline", where=worker, got=repr(standing), remedy=_INSTALL
        )
    found, absent = standing
    if found != version("ae-pipeline"):
        raise ClusterError(
            "a worker has another version of ae-pipeline",
            where=worker,
            expected=version("ae-pipeline"),
            got=found,
            remedy=_INSTALL,
        )
    if absent:
        raise ClusterError(
            "a worker does not see the job's files",
            where=worker,
            expected=listing(absent),
            remedy="mount the same storage at the same absolute paths on every worker",
        )


def _unpacked(
    content: object, makes: type[AnyMade]
) -> tuple[AnyMade | FragmentFailure, Records, News | None]:
    """Unpack an answer; `ClusterError` if it is none."""
    made = records = news = None
    if isinstance(content, bytes):
        made, records, news = pickle.loads(content)  # noqa: S301, our own
    if not isinstance(made, (makes, FragmentFailure)) or not isinstance(records, list):
        raise ClusterError("a worker gave an answer of another kind", got=f"{content!r:.60}")
    return made, records, news
