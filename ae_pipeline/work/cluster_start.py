"""Connect to a Dask cluster: a given one, or one of processes on this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any  # Dask has no types

from distributed import Client
from distributed.deploy.subprocess import SubprocessCluster

from ae_pipeline.errors import ClusterError
from ae_pipeline.work.cluster import Cluster

#: Where Dask's own tools look for a scheduler.
_ADDRESS = "DASK_SCHEDULER_ADDRESS"
_START = f"start one, or correct execution.dask_address or {_ADDRESS}"
_CONNECT_S = 30
#: A cluster of our own ends after this long without a task, should the job be killed.
_IDLE = "30 minutes"


@contextmanager
def connected(address: str | None, workers: int) -> Iterator[Cluster]:
    """Connect to a cluster, or start one on this machine and end it with the context.

    Args:
        address: of the scheduler; None for the environment's, or for a cluster of our own.
        workers: processes of a cluster of our own.

    Raises:
        ClusterError: no scheduler answers.
    """
    _quieten()
    address = address or os.environ.get(_ADDRESS)
    with _own_cluster(workers) if address is None else nullcontext() as own:
        try:
            client = Client(own or address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(
                "no Dask scheduler answers", where=str(address), got=str(error), remedy=_START
            ) from error
        with client:
            if own is not None:
                client.wait_for_workers(workers, timeout=_CONNECT_S)
            yield Cluster(client)


@contextmanager
def _own_cluster(workers: int) -> Iterator[Any]:
    # Processes of plain commands: a script without a `__main__` guard is not run again.
    with SubprocessCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        scheduler_kwargs={"idle_timeout": _IDLE},
        worker_kwargs={"death_timeout": _CONNECT_S},
    ) as cluster:
        yield cluster


def _quieten() -> None:
    """Leave out what Dask logs of starts and ends."""
    theirs = logging.getLogger("distributed")
    if theirs.level < logging.WARNING:
        theirs.setLevel(logging.WARNING)
