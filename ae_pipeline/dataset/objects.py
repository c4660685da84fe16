"""Find the fragments among the objects below a prefix, from what was listed alone."""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.magic import has_suffix, look_at_ends
from ae_pipeline.dataset.source import HIDDEN, describe_ignored
from ae_pipeline.dataset.table_format import refuse_table
from ae_pipeline.hidden_names import is_hidden, is_temporary
from ae_pipeline.store import Entry, version_of, versions_in, walk


def find_objects(root: Path) -> tuple[list[Fragment], list[str]]:
    """Return the fragments below a prefix, and other names with the reason why they are none.

    Raises:
        TableFormatError: a folder is a table with a log of its own.
        StoreError: an object whose name does not tell what it is cannot be read.
    """
    fragments: list[Fragment] = []
    ignored: list[str] = []
    for folder, folders, names in walk(root):
        refuse_table(folder, folders, names)
        hidden = [f"{name}/" for name in folders if is_hidden(name)]
        hidden += [name for name in names if is_hidden(name) and not is_temporary(name)]
        ignored += [describe_ignored(folder, root, HIDDEN, name) for name in hidden]
        folders[:] = [name for name in folders if not is_hidden(name)]
        inside = folder.relative_to(root).as_posix()
        start = "" if inside == "." else f"{inside}/"
        seen = [name for name in names if not is_hidden(name)]
        for name, version in zip(seen, versions_in(folder, seen), strict=True):
            path = folder / name
            reason = "" if has_suffix(name) else look_at_ends(path)
            if reason:
                ignored.append(describe_ignored(path, root, reason))
            else:
                fragments.append(_fragment(path, f"{start}{name}", version))
    return fragments, ignored


def object_of(path: Path, relative: str) -> Fragment:
    """Return an object as a fragment; one of no bytes if it was not listed."""
    return _fragment(path, relative, version_of(path))


def _fragment(path: Path, relative: str, version: Entry | None) -> Fragment:
    size_bytes = 0 if version is None else version.size_bytes
    return Fragment(path, relative, size_bytes, version=version)
