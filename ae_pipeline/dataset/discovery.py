"""Find the fragments of a dataset, in an order that never changes.

Looks at names and sizes, and at a few bytes of files whose names do not tell what they are. A file
that cannot be looked at does not stop the others: it is a fragment that fails when its turn comes.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ae_pipeline.config.paths import fault_of
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.magic import SUFFIXES, look
from ae_pipeline.dataset.objects import find_objects, object_of
from ae_pipeline.dataset.source import HIDDEN, Source, count_ignored, describe_ignored
from ae_pipeline.dataset.table_format import refuse_inside_table, refuse_table
from ae_pipeline.errors import EmptySourceError, SourceNotFoundError, listing
from ae_pipeline.hidden_names import is_hidden, is_temporary
from ae_pipeline.lake import View, view_of
from ae_pipeline.store import is_remote, place

logger = logging.getLogger(__name__)

_DIGITS = re.compile(r"(\d+)")


def discover(path: str | Path) -> Source:
    """Find every Parquet file at or below `path`.

    A Parquet file has the suffix, or begins and ends as Parquet does. Names that start with `_` or
    `.` are skipped, as Spark and Arrow do, unless they are partitions (`_region=eu`). These and
    other files are in `ignored`. Links to folders are followed, but no folder is read twice,
    whatever links lead to it. Files that vanish meanwhile are left out.

    Of a table that is visited, `delta://PATH@VERSION`, these are the live files of the version.

    Raises:
        SourceNotFoundError: nothing is there, or a folder may not be read.
        TableFormatError: `path` is a table with a log of its own, lies in one or holds one.
        EmptySourceError: there are no Parquet files.
    """
    view = view_of(path)
    if view is not None:
        return _of_table(view)
    root = place(path)
    if _is_file(root):
        return _single_file(root)
    if not (root.is_dir() if is_remote(root) else os.path.isdir(root)):
        raise SourceNotFoundError(
            "no such file or folder",
            where=str(path),
            expected=fault_of(str(path)) or "a Parquet file or a folder of them",
            remedy="check the path",
        )
    fragments, ignored = find_objects(root) if is_remote(root) else _find_files(root)
    # Hidden files are seldom missed, so they come last.
    ignored.sort(key=lambda name: (name.endswith(f"({HIDDEN})"), _natural(name)))
    if not fragments:
        raise EmptySourceError(
            "no Parquet files",
            where=str(path),
            expected=f"files ending in {', '.join(SUFFIXES)}, or that begin and end with PAR1",
            got=f"{count_ignored(ignored)}: {listing(ignored)}" if ignored else "an empty folder",
        )
    return Source(root, in_natural_order(fragments), tuple(ignored))


def _is_file(path: Path) -> bool:
    """Whether this is a file: False, unlike `Path.is_file`, for names that cannot be."""
    return path.is_file() if is_remote(path) else os.path.isfile(path)


def _single_file(path: Path) -> Source:
    if is_remote(path):
        return Source(path.parent, (object_of(path, path.name),), is_single_file=True)
    _require_whole(path)
    refuse_inside_table(path)
    fragment = _fragment(path, path.parent, path.stat().st_size)
    return Source(path.parent, (fragment,), is_single_file=True)


def _find_files(root: Path) -> tuple[list[Fragment], list[str]]:
    """Return the fragments in a folder, and other names with the reason why they are none."""
    refuse_inside_table(root)
    ignored: list[str] = []
    return list(_fragments(root, ignored)), ignored


def _of_table(view: View) -> Source:
    """Return the live files of a table, by the names that its log gives them."""
    fragments = in_natural_order(
        Fragment(path, relative, _size(path)) for relative, path in view.files
    )
    if not fragments:
        raise EmptySourceError("no live files", where=str(view.name), got="a table without rows")
    return Source(view.folder, fragments, table=view)


def _size(path: Path) -> int:
    """Return the size of a live file; 0 if it is gone, which is found where it is read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _require_whole(path: Path) -> None:
    """Raise `SourceNotFoundError` for half a file of a run that was killed or still writes."""
    if is_temporary(path.name):
        raise SourceNotFoundError(
            "half a file, which was never published",
            where=str(path),
            remedy="name the file that was written in the end; `ae-pipeline gc` removes this one",
        )


def in_natural_order(fragments: Iterable[Fragment]) -> tuple[Fragment, ...]:
    """Order fragments partition by partition, numbers in names as numbers."""
    partitions: dict[str, list[Fragment]] = {}
    for fragment in fragments:
        partitions.setdefault(fragment.partition, []).append(fragment)
    ordered = (partitions[name] for name in sorted(partitions, key=_natural))
    return tuple(one for some in ordered for one in sorted(some, key=_by_name))


def _by_name(fragment: Fragment) -> list[tuple[int, int, str]]:
    return _natural(fragment.relative.rpartition("/")[2])


def _fragments(root: Path, ignored: list[str]) -> Iterator[Fragment]:
    """Yield every fragment in a folder; add other files, with the reason, to `ignored`."""
    homes: set[str] = set()
    for file in _walk(root, ignored, root):
        try:
            found = look(file)
        except FileNotFoundError:  # gone since its folder was listed
            continue
        if found.reason:
            ignored.append(describe_ignored(file, root, found.reason))
            continue
        if found.is_link:
            home = os.path.dirname(os.path.realpath(file))
            if home not in homes:
                refuse_inside_table(Path(home))
            homes.add(home)
        yield _fragment(file, root, found.size_bytes)


def _walk(root: Path, ignored: list[str], top: Path) -> Iterator[Path]:
    """Yield every file: first those in place, then those that links lead to, folder by folder."""
    real_top = root.resolve()
    visited: set[Path] = set()
    links: list[Path] = []
    yield from _walk_in_place(root, real_top, visited, links, ignored, top)
    while links:
        waiting, links = sorted(links), []
        for link in waiting:
            target, home = link.resolve(), link.parent.resolve()
            if target in visited or home.is_relative_to(target) or real_top.is_relative_to(target):
                logger.warning("%s: leads to a folder of the source itself, ignored", link)
                continue
            refuse_inside_table(target)
            yield from _walk_in_place(link, target, visited, links, ignored, top)


def _walk_in_place(
    root: Path,
    real_root: Path,
    visited: set[Path],
    links: list[Path],
    ignored: list[str],
    top: Path,
) -> Iterator[Path]:
    """Yield files below a folder.

    Adds links to folders to `links`, real folders to `visited`, and hidden names, relative to
    `top`, to `ignored`.
    """
    for name, folders, names in os.walk(root, onerror=_refuse):
        folder = Path(name)
        refuse_table(folder, folders, names)
        real = real_root / folder.relative_to(root)
        visited.add(real)
        hidden = [f"{name}/" for name in folders if is_hidden(name)]
        # Half files hold nobody's rows.
        hidden += [name for name in names if is_hidden(name) and not is_temporary(name)]
        ignored += [describe_ignored(folder, top, HIDDEN, name) for name in hidden]
        seen = [name for name in folders if not is_hidden(name)]
        links += [folder / name for name in seen if os.path.islink(folder / name)]
        folders[:] = [name for name in seen if real / name not in visited]
        yield from (folder / name for name in names if not is_hidden(name))


def _refuse(error: OSError) -> None:
    """Refuse an unreadable folder, which `os.walk` would skip: its rows would be lost silently."""
    if isinstance(error, FileNotFoundError):  # gone, and its files with it
        return
    raise SourceNotFoundError(
        "cannot read folder",
        where=str(error.filename),
        got=str(error.strerror),
        remedy="check its permissions",
    ) from error


def _fragment(path: Path, root: Path, size_bytes: int) -> Fragment:
    relative = path.relative_to(root).as_posix()
    try:
        relative.encode()
    except UnicodeEncodeError as error:
        raise SourceNotFoundError(
            "cannot read file", where=ascii(str(path)), got=str(error), remedy="rename it"
        ) from error
    return Fragment(path, relative, size_bytes)


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key by which part-2 comes before part-10."""
    parts = _DIGITS.split(text)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]
