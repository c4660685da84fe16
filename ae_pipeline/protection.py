"""Protect the files of a source, and their folders, from every write.

They are compared by device and inode, not by name: links and mounts lead to one folder under many
names. A step of a verb declares what it protects; every write is checked here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ae_pipeline.errors import DestinationOverlapError

#: A file or folder on disk: device and inode.
Node = tuple[int, int]
#: A file system, and a path in it, wherever it is mounted; a string, as every write asks.
Place = tuple[str, str]
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A file system, or a part of one, that is mounted.

    Args:
        device: of the file system.
        root: the folder of the file system that is mounted.
        inside: what the paths of all that is inside begin with, the mount point and a slash.
    """

    device: str
    root: str
    inside: str


class Protected:
    """Folders with everything in them, and single files.

    They are looked up before the first write.

    Args:
        folders: paths, by any name; missing ones do not count.
        files: the same.
    """

    def __init__(self, folders: Iterable[Path | str], files: Iterable[Path | str]) -> None:
        self._folder_paths = tuple(folders)
        self._file_paths = tuple(files)

    @cached_property
    def _folders(self) -> dict[Node, str]:
        return _by_node(self._folder_paths)

    @cached_property
    def _files(self) -> dict[Node, str]:
        return _by_node(self._file_paths)

    @cached_property
    def _mounts(self) -> list[Mount]:
        return list(_mounts())[::-1]

    @cached_property
    def _places(self) -> dict[Place, str]:
        """Places of the folders, if the system tells: some part of one may be mounted elsewhere."""
        places = ((_place_of(Path(path), self._mounts), str(path)) for path in self._folder_paths)
        return {place: path for place, path in places if place is not None}

    def check(self, path: Path) -> None:
        """Raise `DestinationOverlapError` if writing to `path` would change protected files."""
        folder = self._folder_around(path.parent)
        file = _still(self._files, node_of(path))
        if folder is not None or file is not None:
            raise DestinationOverlapError(
                "would be written over what is read",
                where=str(path),
                got=f"it is {file}" if folder is None else f"it lies in {folder}",
                remedy="take the link or mount out of the destination, or choose another one",
            )

    def _folder_around(self, folder: Path) -> str | None:
        for node in nodes_above(folder):
            found = _still(self._folders, node)
            if found is not None:
                return found
        device, inside = _place_of(folder, self._mounts) or ("", "/")
        places = ((device, place) for place in _upwards(inside))
        return next((self._places[place] for place in places if place in self._places), None)


def _still(known: Mapping[Node, str], node: Node | None) -> str | None:
    """Return the path of a node, checked again: another file may have its inode by now."""
    path = None if node is None else known.get(node)
    return None if path is None or node_of(path) != node else path


_protected: ContextVar[Protected | None] = ContextVar("protected", default=None)


@contextmanager
def protecting(protected: Protected | None) -> Iterator[None]:
    """Protect these files and no others inside the context; None protects nothing."""
    token = _protected.set(protected)
    try:
        yield
    finally:
        _protected.reset(token)


def now_protected() -> Protected | None:
    """Return what this context protects."""
    return _protected.get()


def check_unprotected(path: Path) -> None:
    """Raise `DestinationOverlapError` if writing to `path` would change protected files."""
    protected = _protected.get()
    if protected is not None:
        protected.check(path)


def nodes_above(folder: Path) -> Iterator[Node]:
    """Yield the nodes of a folder and of all above it, once links are followed.

    A folder that does not exist is skipped.
    """
    real = Path(os.path.realpath(folder))
    for place in (real, *real.parents):
        node = node_of(place)
        if node is not None:
            yield node


def node_of(path: Path | str) -> Node | None:
    """Return the device and inode that a path leads to; None if it leads nowhere."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _place_of(path: Path, mounts: Iterable[Mount]) -> Place | None:
    """Return where a path lies in its file system; None if that is unknown.

    Args:
        path: anywhere.
        mounts: the last one first, since of two at one point the later counts.
    """
    real = os.path.realpath(path)
    found = [mount for mount in mounts if f"{real}/".startswith(mount.inside)]
    if not found:
        return None
    mount = max(found, key=lambda mount: len(mount.inside))
    inside = f"{mount.root.rstrip('/')}/{real[len(mount.inside) :]}"
    return mount.device, inside.rstrip("/") or "/"


def _upwards(path: str) -> Iterator[str]:
    """Yield an absolute path and all above it."""
    while path.strip("/"):
        yield path
        path = path.rpartition("/")[0]
    yield "/"


def _mounts() -> Iterator[Mount]:
    """Yield each mount, if the system tells."""
    try:
        lines = os.fsdecode(_MOUNTS.read_bytes()).splitlines()
    except OSError:
        return
    for line in lines:
        device, root, point = line.split(" ")[2:5]
        yield Mount(device, _unescaped(root), f"{_unescaped(point).rstrip('/')}/")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)


def _by_node(paths: Iterable[Path | str]) -> dict[Node, str]:
    nodes = ((node_of(path), str(path)) for path in paths)
    return {node: path for node, path in nodes if node is not None}
