"""The visit of a job to object stores: what is listed at its start holds until its end.

One session serves all jobs of a process that run at the same time, and its workers.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.locations import Location, location_of, mirror_of, parse
from ae_pipeline.store.clients import connect, loader_now, use_loader
from ae_pipeline.store.facts import Facts
from ae_pipeline.store.fetching.scratch import Scratch
from ae_pipeline.store.fetching.staging import Staging
from ae_pipeline.store.index import Index
from ae_pipeline.store.mirror import Entry, Mirror


@dataclass(frozen=True)
class Pass:
    """Leave for a worker to visit the same stores.

    Args:
        home: folder of the session, by the same path on every machine.
        stores: settings by URI prefix.
        listing: name of the file in it that has what was listed.
        loader: module that loads the credentials of blocks; None if none does.
    """

    home: str
    stores: Mapping[str, StoreConfig]
    listing: str
    loader: str | None = None


class Session:
    """Mirrors of the buckets that jobs read and write.

    Args:
        scratch: folder for the mirrors.
        stores: settings by URI prefix.
        is_owner: this process lists, and removes the folder; workers do neither.
    """

    def __init__(
        self, scratch: Scratch, stores: Mapping[str, StoreConfig], *, is_owner: bool
    ) -> None:
        self.home, self.stores, self.is_owner = scratch.folder, dict(stores), is_owner
        self.staging, self.facts = Staging(), Facts()
        self.index = Index(self.facts)
        self._scratch, self._lock = scratch, threading.RLock()
        self._is_listed = is_owner
        self._mirrors: dict[str, Mirror] = {}
        self._changes: list[tuple[str, Entry | None]] = []

    @property
    def lists_itself(self) -> bool:
        """Whether this is a worker on a machine on which nobody has listed."""
        return not self.is_owner and not self._is_listed

    def mirror(self, location: Location) -> Mirror:
        """Return the mirror of a location's bucket; errors as `connect`."""
        with self._lock:
            found = self._mirrors.get(location.root)
            if found is None:
                client = connect(location, self.config(location))
                bucket = Location(location.scheme, location.bucket, "")
                found = self._mirrors[location.root] = Mirror(client, self.home, bucket)
            return found

    def find(self, path: str) -> tuple[Mirror, str]:
        """Return the mirror of a path and the key of its object."""
        for mirror in list(self._mirrors.values()):  # one or two
            if path.startswith(f"{mirror.folder}/"):
                return mirror, path[len(mirror.folder) + 1 :]
        location = location_of(path)
        if location is None:
            raise ValueError(f"no mirror of an object: {path}")
        return self.mirror(location), location.key

    def config(self, location: Location) -> StoreConfig:
        """Return the settings of the longest URI that the location begins with."""
        named = {prefix: parse(prefix) for prefix in self.stores}
        fitting = [
            prefix
            for prefix, place in named.items()
            if place is not None and location.is_below(place)
        ]
        return self.stores[max(fitting, key=len)] if fitting else StoreConfig()

    def visit(self, location: Location) -> None:
        """List what lies below a location, unless the job has; errors as `Mirror.refresh`."""
        if not (self.is_owner or self.lists_itself):
            return
        mirror = self.mirror(location)
        mirror.refresh(location.key)
        self.index.load(mirror, location.key)

    def save_listing(self) -> str:
        """Write what was listed to a file for workers on this machine; return its name."""
        rows = [
            (mirror.bucket.root, key, entry.etag, entry.size_bytes, entry.time_ns)
            for mirror in list(self._mirrors.values())
            for key, entry in list(mirror.entries.items())
        ]
        for former in self.home.glob(f"{_LISTING}*"):
            former.unlink(missing_ok=True)
        name = f"{_LISTING}{secrets.token_hex(4)}"
        (self.home / name).write_text(json.dumps(rows), encoding="utf-8")
        return name

    def load_listing(self, name: str) -> None:
        """Take up, in a worker, what the job has listed, if this is the job's machine."""
        try:
            rows = json.loads((self.home / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        for root, key, etag, size_bytes, time_ns in rows:
            location = parse(root)
            if location is not None:
                self.mirror(location).note(key, Entry(etag, size_bytes, time_ns))
        self._is_listed = True

    def changed(self, uri: str, entry: Entry | None) -> None:
        """Note, in a worker, that an object has another version, or none."""
        if not self.is_owner:
            self._changes.append((uri, entry))

    def take_changes(self) -> list[tuple[str, Entry | None]]:
        """Return what changed since this was last asked."""
        changes, self._changes = self._changes, []
        return changes

    def close(self) -> None:
        """Remove the mirrors from this machine."""
        self._scratch.remove()


_LISTING = ".listing-"
#: What the visits around a place in the program have listed.
_visited: ContextVar[tuple[Location, ...]] = ContextVar("visited", default=())
_lock = threading.RLock()
_session: Session | None = None
_given: Pass | None = None
_n_visits = 0


@contextmanager
def visiting(
    places: Iterable[str | None],
    stores: Mapping[str, StoreConfig] | None = None,
    scratch: str | None = None,
    *,
    keeps_facts: bool = False,
) -> Iterator[None]:
    """List the object stores among these places; their paths can be used inside.

    What a visit around it has listed is not listed again.

    Args:
        places: paths and URIs; None for a place that a job does not have.
        stores: settings by URI prefix.
        scratch: folder for what is fetched; None for the system's temporary folder.
        keeps_facts: write what was learned into the indexes of datasets at the end.

    Raises:
        StoreError: a place cannot be listed.
        MissingExtraError: obstore is not installed.
    """
    locations = [found for found in (parse(place) for place in places if place) if found]
    if not locations:
        yield
        return
    session = _enter(stores or {}, scratch)
    known = _visited.get()
    token = _visited.set((*known, *locations))
    try:
        for location in locations:
            if not any(location.is_below(other) for other in known):
                session.visit(location)
        yield
        if keeps_facts:
            session.index.save()
    finally:
        _visited.reset(token)
        _leave()


def current() -> Session:
    """Return the session; `RuntimeError`, a bug, if nothing is visited."""
    if _session is None:
        raise RuntimeError("no visit of object stores has begun")
    return _session


def given_session() -> Session | None:
    """Return the session of a worker; None in the job's own process, and without stores."""
    return None if _session is None or _session.is_owner else _session


def save_facts() -> None:
    """Write what was learned into the indexes of datasets now, not when the visit ends.

    Whoever counts the bytes of a dataset afterwards finds what stays.
    """
    if _session is not None and _session.is_owner:
        _session.index.save()


def mirrored(location: Location) -> str:
    """Return the local path of a location; `RuntimeError`, a bug, if nothing is visited."""
    return mirror_of(os.fspath(current().home), location)


def give_pass() -> Pass | None:
    """Return what workers need; None if nothing is visited."""
    session = _session
    if session is None:
        return None
    return Pass(str(session.home), session.stores, session.save_listing(), loader_now())


def accept(given: Pass | None) -> None:
    """Visit, in a worker, what the job visits that gave the pass; until the next one is given."""
    global _session, _given  # noqa: PLW0603, one session per process
    with _lock:
        if given is None or given == _given:
            return
        if _session is not None and _session.lists_itself:
            _session.close()
        _given = given
        use_loader(given.loader)
        _session = Session(Scratch.join(Path(given.home)), given.stores, is_owner=False)
        _session.load_listing(given.listing)


def _enter(stores: Mapping[str, StoreConfig], scratch: str | None) -> Session:
    global _session, _n_visits  # noqa: PLW0603, one session per process
    with _lock:
        if _session is None:
            made = Scratch.make(scratch)
            _session = Session(made, stores, is_owner=True)
        _session.stores.update(stores)
        _n_visits += 1
        return _session


def _leave() -> None:
    global _session, _n_visits  # noqa: PLW0603, one session per process
    with _lock:
        _n_visits -= 1
        if not _n_visits and _session is not None and _session.is_owner:
            _session.close()
            _session = None
