"""Paths of object stores that behave as paths of files: one type for both, everywhere.

To the operating system such a path is the mirror's; to people, and in whatever is stored, it is the
URI.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from io import BufferedReader, TextIOWrapper
from pathlib import Path, PosixPath
from typing import Any  # pathlib has an overload per mode

from ae_pipeline.locations import location_of, parse
from ae_pipeline.store.fetching.ranges import RangedFile, Span
from ae_pipeline.store.mirror import Entry, Mirror, is_placeholder
from ae_pipeline.store.session import current, mirrored
from ae_pipeline.store.tree import Tree

#: Twice the end that is fetched at once.
_SMALL_BYTES = 1 << 17


class ObjectPath(PosixPath):
    """The path of an object or of a prefix; what is opened for reading is fetched first.

    Questions about names are answered from the listing, and files that are only on this machine,
    such as half-written ones, count as well.
    """

    __slots__ = ()

    def __fspath__(self) -> str:
        """Return the path of the mirror."""
        return str(super().__str__())

    def __str__(self) -> str:
        """Return the URI, or the text of a part of one."""
        local = super().__str__()
        location = location_of(local)
        return local if location is None else location.uri

    def open(
        self,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> Any:
        """Open the file of the mirror; errors as `Staging.open`."""
        mirror, key = self._found()
        if mode not in ("r", "rb", "rt") or key not in mirror.entries:
            return super().open(mode, buffering, encoding, errors, newline)
        file = BufferedReader(current().staging.open(*current().find(os.fspath(self))))
        return file if mode == "rb" else TextIOWrapper(file, encoding, errors, newline)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return the status of the file of the mirror, made now if it is not here."""
        mirror, key = self._found()
        if key in mirror.entries:
            mirror.file_of(key)
        return super().stat(follow_symlinks=follow_symlinks)

    def lstat(self) -> os.stat_result:
        """Return size and time as they were listed, without a file; a folder has no time."""
        mirror, key = self._found()
        entry = mirror.entries.get(key)
        if entry is not None:
            seconds = entry.time_ns / 1e9
            size = entry.size_bytes
            return os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, size, seconds, seconds, seconds))
        if mirror.tree.is_folder(key):
            return os.stat_result((stat.S_IFDIR, 0, 0, 1, 0, 0, 0, 0, 0, 0))
        return os.lstat(os.fspath(self))

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Make the folder on this machine, for files on their way: a store has none."""
        os.makedirs(os.fspath(self), mode, exist_ok=True)

    def rmdir(self) -> None:
        """Remove the folder from this machine, if it is empty: in a store it is gone by then."""
        with suppress(OSError):
            os.rmdir(os.fspath(self))

    def exists(self) -> bool:
        """Whether there is such an object, prefix or file."""
        mirror, key = self._found()
        return key in mirror.entries or mirror.tree.is_folder(key) or self.is_file()

    def is_dir(self) -> bool:
        """Whether there are objects below this prefix."""
        mirror, key = self._found()
        return mirror.tree.is_folder(key)

    def is_file(self) -> bool:
        """Whether there is such an object, or a file that is only here."""
        mirror, key = self._found()
        return key in mirror.entries or os.path.isfile(os.fspath(self))

    def is_symlink(self) -> bool:
        """Whether this is a link: never."""
        return False

    def iterdir(self) -> Generator[ObjectPath, None, None]:
        """Yield what lies in this folder, files that are only here last."""
        mirror, key = self._found()
        names = mirror.tree.names(key)
        yield from (self / name for name in names)
        with suppress(FileNotFoundError):
            here = (name for name in os.listdir(os.fspath(self)) if name not in names)
            yield from (self / name for name in here if (self / name).is_file())

    def glob(self, pattern: str) -> Generator[ObjectPath, None, None]:
        """Yield what lies in this folder and matches."""
        return (path for path in self.iterdir() if fnmatchcase(path.name, pattern))

    def rglob(self, pattern: str) -> Generator[ObjectPath, None, None]:
        """Yield what lies at any depth below this folder and matches."""
        for folder, folders, files in walk(self):
            names = (name for name in (*folders, *files) if fnmatchcase(name, pattern))
            yield from (type(self)(folder / name) for name in names)

    def _found(self) -> tuple[Mirror | _Nothing, str]:
        """Return the mirror and the key; above all buckets there are only folders of ours."""
        local = os.fspath(self)
        return (_NOTHING, "") if location_of(local) is None else current().find(local)


class _Nothing:
    """A mirror without objects."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.tree = Tree()

    def file_of(self, key: str) -> str:
        """Return the path of an object's file: there is none."""
        raise FileNotFoundError(key)


_NOTHING = _Nothing()


def walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield each folder at or below a path, and the names in it: folders, then files."""
    if not isinstance(root, ObjectPath):
        for name, folders, files in os.walk(root):
            yield Path(name), folders, files
        return
    mirror, key = current().find(os.fspath(root))
    for folder, folders, files in mirror.tree.walk(key):
        yield type(root)(mirror.path(folder)), folders, files


def is_there(path: Path) -> bool:
    """Whether a path is that of something, a broken link among others."""
    return path.exists() if isinstance(path, ObjectPath) else os.path.lexists(path)


def place(text: str | Path) -> Path:
    """Return the path of a place in a job or a plan, be it a local path or a URI.

    Raises:
        RuntimeError: it is a URI, and nothing is visited: a bug.
    """
    if isinstance(text, Path):
        return text
    location = parse(text)
    return Path(text) if location is None else ObjectPath(mirrored(location))


def is_remote(path: Path) -> bool:
    """Whether a path is that of an object, or of a prefix."""
    return isinstance(path, ObjectPath)


def version_of(path: Path) -> Entry | None:
    """Return the version of an object that was listed; None for files of this machine."""
    if not isinstance(path, ObjectPath):
        return None
    mirror, key = current().find(os.fspath(path))
    return mirror.entries.get(key)


def versions_in(folder: Path, names: Iterable[str]) -> list[Entry | None]:
    """Return the versions of objects in a folder that was walked, as `version_of` one by one."""
    mirror, prefix = current().find(os.fspath(folder))
    start = f"{prefix}/" if prefix else ""
    return [mirror.entries.get(f"{start}{name}") for name in names]


def look_below(folder: Path) -> None:
    """List a folder of objects in a worker that has not; elsewhere it is listed already."""
    if isinstance(folder, ObjectPath):
        session = current()
        if session.lists_itself:
            mirror, prefix = session.find(os.fspath(folder))
            mirror.refresh(prefix)


@contextmanager
def using(path: Path, version: Entry | None) -> Iterator[None]:
    """Keep the content of an object, once it is fetched, until the context ends.

    Args:
        path: of the object; nothing is done for other files.
        version: the one to fetch, which workers do not know otherwise.
    """
    if not isinstance(path, ObjectPath):
        yield
        return
    session = current()
    mirror, key = session.find(os.fspath(path))
    if version is not None and key not in mirror.entries:
        mirror.note(key, version)
    elif session.lists_itself and key not in mirror.entries:
        mirror.look(key)
    with session.staging.holding(mirror.path(key)):
        yield


def open_end(path: Path) -> BufferedReader:
    """Open a file of which little but the end is read; of an object, only that is fetched.

    Raises:
        OSError: it does not exist or cannot be read.
        StoreError: it cannot be fetched.
    """
    found = unfetched(path)
    if found is None:
        file: BufferedReader = path.open("rb")
        return file
    return BufferedReader(RangedFile(*found), 1 << 12)


def expect(content: BufferedReader, spans: Sequence[Span], n_at_once: int) -> bool:
    """Tell what will be read of a file that `open_end` opened, as `RangedFile.expect`."""
    return isinstance(content.raw, RangedFile) and content.raw.expect(spans, n_at_once)


def is_unfetched(path: Path) -> bool:
    """Whether a path is that of an object whose content is not here."""
    return unfetched(path) is not None


def unfetched(path: Path) -> tuple[Mirror, str, Entry] | None:
    """Return the mirror, key and version of an object that is not here; None for all others.

    A small one counts as here: all of it comes as fast as a part of it.
    """
    if not isinstance(path, ObjectPath):
        return None
    mirror, key = current().find(os.fspath(path))
    entry, local = mirror.entries.get(key), mirror.path(key)
    if entry is None or entry.size_bytes <= _SMALL_BYTES:
        return None
    is_here = os.path.lexists(local) and not is_placeholder(local)
    return None if is_here else (mirror, key, entry)
