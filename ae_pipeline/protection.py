"""What nothing may be written over: files of a source and the folders they lie in.

Told by what they are on disk (device and inode), not by names: links and mounts lead to one folder
under many names. Whoever writes asks here; who begins a step of a verb says what is protected.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path

from ae_pipeline.errors import DestinationOverlapError

Node = tuple[int, int]


class Protected:
    """Some folders, with all that lies in them, and some files.

    What they are is looked up when something is about to be written for the first time.

    Args:
        folders: paths, by any name; those that are not there do not count.
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

    def check(self, path: Path) -> None:
        """Raise `DestinationOverlapError` if writing to `path` would change what is protected."""
        for node in nodes_above(path.parent):
            self._refuse(path, node, self._folders.get(node), "lies in")
        own = node_of(path)
        if own is not None:
            self._refuse(path, own, self._files.get(own), "is")

    def _refuse(self, path: Path, node: Node, kept: str | None, relation: str) -> None:
        """Looked at once more: an inode that has become free may be another file's by now."""
        if kept is not None and node_of(kept) == node:
            raise DestinationOverlapError(
                "would be written over what is read",
                where=str(path),
                got=f"it {relation} {kept}, by a link or a mount",
                remedy="take the link or mount out of the destination, or choose another one",
            )


_protected: ContextVar[Protected | None] = ContextVar("protected", default=None)


@contextmanager
def protecting(protected: Protected | None) -> Iterator[None]:
    """Inside, in this context, this is protected and nothing else; None lets go of everything."""
    token = _protected.set(protected)
    try:
        yield
    finally:
        _protected.reset(token)


def check_unprotected(path: Path) -> None:
    """Raise `DestinationOverlapError` if writing to `path` would change what is protected."""
    protected = _protected.get()
    if protected is not None:
        protected.check(path)


def nodes_above(folder: Path) -> Iterator[Node]:
    """What a folder and all above it are on disk, once links are followed.

    Of one that is not there, those above it that are.
    """
    real = Path(os.path.realpath(folder))
    for place in (real, *real.parents):
        node = node_of(place)
        if node is not None:
            yield node


def node_of(path: Path | str) -> Node | None:
    """What a path leads to: its device and inode; None if there is nothing to be found."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _by_node(paths: Iterable[Path | str]) -> dict[Node, str]:
    nodes = ((node_of(path), str(path)) for path in paths)
    return {node: path for node, path in nodes if node is not None}
