"""The visit of a job to a table: the snapshot that is the newest at its start holds to its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ae_pipeline.config.job import NEVER_OF_TABLES, JobConfig
from ae_pipeline.errors import ConfigError
from ae_pipeline.lake.delta import is_delta, read_delta
from ae_pipeline.lake.iceberg import is_iceberg, read_iceberg
from ae_pipeline.lake.snapshot import Snapshot
from ae_pipeline.lake.view import View, make_view
from ae_pipeline.locations import TableName, parse, parse_table
from ae_pipeline.store import place, visiting_stores
from ae_pipeline.store.fetching.scratch import Scratch

logger = logging.getLogger(__name__)

_Job = TypeVar("_Job", bound=JobConfig)
_More = ParamSpec("_More")
_Made = TypeVar("_Made")

_FOLDER = "table"
_READERS: dict[str, Callable[[TableName], Snapshot]] = {
    "delta": read_delta,
    "iceberg": read_iceberg,
}


@dataclass
class _Visit:
    """A view, its scratch folder, and how many jobs read it."""

    view: View
    scratch: Scratch
    n_jobs: int = 0


#: By the names of snapshots. Tasks of a flow run in threads, so this belongs to the process.
_visits: dict[str, _Visit] = {}
_lock = threading.Lock()


def visiting_places(
    verb: Callable[Concatenate[_Job, _More], _Made],
) -> Callable[Concatenate[_Job, _More], _Made]:
    """Let a function use the places of its job, its first argument: object stores, and a table.

    Where the source is a table, the function gets a job whose source names the snapshot.
    """

    @wraps(verb)
    def visited(job: _Job, /, *more: _More.args, **named: _More.kwargs) -> _Made:
        _check_kept(job)
        with visiting_stores(job), reading_table(job.source, job.execution.scratch) as source:
            if source != job.source:
                job = job.model_copy(update={"source": source})
            return verb(job, *more, **named)

    return visited


@contextmanager
def reading_table(source: str | None, scratch: str | None = None) -> Iterator[str | None]:
    """Make the view of a table for the context; yield its name with the version that is read.

    Args:
        source: of a job; one that is no table is yielded as it is.
        scratch: folder for the view; None for the system's temporary folder.

    Raises:
        MissingExtraError: what reads such tables is not installed.
        SourceError: the snapshot cannot be read, or not from files alone.
    """
    name = table_of(source)
    if name is None:
        yield source
        return
    pinned = _enter(str(source), name, scratch)
    try:
        yield pinned
    finally:
        _leave(pinned)


def _enter(source: str, name: TableName, scratch: str | None) -> str:
    with _lock:
        pinned = str(name)
        if pinned not in _visits:  # else a verb within a flow
            snapshot = _READERS[name.scheme](name)
            pinned = str(snapshot.name)
            _tell(source, name, pinned)
            if pinned not in _visits:
                _visits[pinned] = _begun(snapshot, scratch)
        _visits[pinned].n_jobs += 1
        return pinned


def _begun(snapshot: Snapshot, scratch: str | None) -> _Visit:
    made = Scratch.make(scratch)
    try:
        return _Visit(make_view(snapshot, made.folder / _FOLDER), made)
    except BaseException:
        made.remove()
        raise


def _leave(pinned: str) -> None:
    with _lock:
        visit = _visits[pinned]
        visit.n_jobs -= 1
        if not visit.n_jobs:
            del _visits[pinned]
            visit.scratch.remove()


def table_of(source: str | None) -> TableName | None:
    """Return the table that a source is, by its name or by its folder; None for all others."""
    if source is None or parse(source) is not None:
        return None
    name = parse_table(source)
    if name is not None:
        return name
    folder = Path(source)
    schemes = {"delta": is_delta, "iceberg": is_iceberg}
    found = (scheme for scheme, is_one in schemes.items() if is_one(folder))
    scheme = next(found, None)
    return None if scheme is None else TableName(scheme, source.rstrip("/") or "/")


def view_of(source: str | Path) -> View | None:
    """Return the view of a table; None for all other places.

    Raises:
        RuntimeError: the table is not visited: a bug.
    """
    visit = _visits.get(source) if isinstance(source, str) else None
    if visit is None and isinstance(source, str) and parse_table(source) is not None:
        raise RuntimeError(f"no visit of {source} has begun")
    return None if visit is None else visit.view


def source_place(source: str) -> Path:
    """Return the path of a source, below which its fragments lie: of a table, that of its view."""
    view = view_of(source)
    return place(source) if view is None else view.folder


def _tell(source: str, name: TableName, pinned: str) -> None:
    if parse_table(source) is None:
        logger.warning("%s: %s table, read as its newest snapshot %s", source, name.kind, pinned)
    elif name.version is None:
        logger.info("%s: read as its newest snapshot %s", source, pinned)


def _check_kept(job: JobConfig) -> None:
    """Raise `ConfigError` if the files of a table are to be deleted."""
    if job.retention.delete_source != "never" and table_of(job.source) is not None:
        raise ConfigError(
            "a table's files are never deleted by us", expected=NEVER_OF_TABLES, got=str(job.source)
        )
