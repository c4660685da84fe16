"""Find the fragments of a dataset, in an order that never changes.

Looks at names and sizes only; no file is opened.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.errors import EmptySourceError, SourceNotFoundError
from ae_pipeline.publish import is_temporary

logger = logging.getLogger(__name__)

#: What a file is on disk: device, inode, bytes, nanoseconds of its last change.
Identity = tuple[int, int, int, int]

_SUFFIXES = (".parquet", ".parq", ".pq")


@dataclass(frozen=True)
class Fragment:
    """One Parquet file of a dataset.

    Args:
        path: where it lies.
        relative: its path below the dataset's root, with `/` between parts.
        size_bytes: as found.
        identity: of the file that it must be when it is opened; None for whatever is there.
    """

    path: Path
    relative: str
    size_bytes: int
    identity: Identity | None = None

    @property
    def partition(self) -> str:
        """The folders it lies in, e.g. `year=2013/month=05`; `.` at the root."""
        return self.relative.rpartition("/")[0] or "."


@dataclass(frozen=True)
class Source:
    """A dataset: its root and its fragments, partition by partition, numbers ordered as numbers."""

    root: Path
    fragments: tuple[Fragment, ...]
    n_ignored: int = 0
    is_single_file: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes of all fragments as stored."""
        return sum(fragment.size_bytes for fragment in self.fragments)


def discover(path: str | Path) -> Source:
    """Find every Parquet file at or below `path`.

    Names that start with `_` or `.` are skipped, as Spark and Arrow do, unless they are partitions
    (`_region=eu`). Other files are counted in `n_ignored`. Links to folders are followed, but no
    folder is read twice, whatever links lead to it.

    Raises:
        SourceNotFoundError: nothing is there, or it may not be read.
        EmptySourceError: no Parquet files.
    """
    root = Path(path)
    if os.path.isfile(root):  # unlike Path.is_file: False for names that cannot be
        _require_whole(root)
        return Source(root.parent, (_fragment(root, root.parent),), is_single_file=True)
    if not os.path.isdir(root):
        raise SourceNotFoundError(
            "no such file or folder",
            where=str(path),
            expected="a Parquet file or a folder of them",
            remedy="check the path",
        )
    files = list(_walk(root))
    fragments = [_fragment(file, root) for file in files if file.suffix.lower() in _SUFFIXES]
    if not fragments:
        raise EmptySourceError(
            "no Parquet files",
            where=str(path),
            expected=f"files ending in {', '.join(_SUFFIXES)}",
            got=f"{len(files)} other files" if files else "an empty folder",
        )
    return Source(root, in_natural_order(fragments), len(files) - len(fragments))


def _require_whole(path: Path) -> None:
    """Raise `SourceNotFoundError` for half a file of a run that was killed, or of one at work."""
    if is_temporary(path.name):
        raise SourceNotFoundError(
            "half a file, which was never published",
            where=str(path),
            remedy="name the file that was written in the end; `ae-pipeline gc` removes this one",
        )


def in_natural_order(fragments: Iterable[Fragment]) -> tuple[Fragment, ...]:
    """Partition by partition, numbers in names ordered as numbers."""
    return tuple(
        sorted(
            fragments,
            key=lambda fragment: (_natural(fragment.partition), _natural(fragment.path.name)),
        )
    )


def _walk(root: Path) -> Iterator[Path]:
    """Every file: first what lies in place, then folder by folder what links lead to."""
    top = root.resolve()
    visited: set[Path] = set()
    links: list[Path] = []
    yield from _walk_in_place(root, top, visited, links)
    while links:
        waiting, links = sorted(links), []
        for link in waiting:
            target, home = link.resolve(), link.parent.resolve()
            if target in visited or home.is_relative_to(target) or top.is_relative_to(target):
                logger.warning("%s: leads to a folder of the source itself, ignored", link)
            else:
                yield from _walk_in_place(link, target, visited, links)


def _walk_in_place(
    root: Path, real_root: Path, visited: set[Path], links: list[Path]
) -> Iterator[Path]:
    """Files below a folder. Adds links to folders to `links`, real folders to `visited`."""
    for folder, folders, names in os.walk(root, onerror=_refuse):
        real = real_root / Path(folder).relative_to(root)
        visited.add(real)
        seen = [name for name in folders if not _is_hidden(name)]
        links += [Path(folder, name) for name in seen if os.path.islink(Path(folder, name))]
        folders[:] = [name for name in seen if real / name not in visited]
        yield from (Path(folder, name) for name in names if not _is_hidden(name))


def _refuse(error: OSError) -> None:
    """`os.walk` would skip an unreadable folder: rows would be lost without a word."""
    raise SourceNotFoundError(
        "cannot read folder",
        where=str(error.filename),
        got=str(error.strerror),
        remedy="check its permissions",
    ) from error


def _is_hidden(name: str) -> bool:
    return name.startswith(("_", ".")) and ("=" not in name or is_temporary(name))


def _fragment(path: Path, root: Path) -> Fragment:
    try:
        relative = path.relative_to(root).as_posix()
        relative.encode()
        return Fragment(path, relative, path.stat().st_size)
    except (OSError, UnicodeEncodeError) as error:
        raise SourceNotFoundError(
            "cannot read file",
            where=ascii(str(path)),
            got=str(error),
            remedy="mend its name or link",
        ) from error


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key in which part-2 comes before part-10."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]
