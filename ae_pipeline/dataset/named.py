"""Fragments that are known by name: a dataset of these alone, without a look at its folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.objects import object_of
from ae_pipeline.dataset.source import Source
from ae_pipeline.errors import ConfigError
from ae_pipeline.hidden_names import is_hidden
from ae_pipeline.lake import view_of
from ae_pipeline.store import is_remote, place


def find_named(path: str, names: Sequence[str]) -> Source:
    """Return the part of a dataset that has these names, in their order, each once.

    A file that is not there is a fragment that fails when its turn comes.

    Args:
        path: path, URI, or visited table, as `discover` takes it.
        names: paths below its root, with `/` between parts.

    Raises:
        ConfigError: a name leads out of the dataset, is hidden in it, or is not that of the single
            file or of a live file of the table.
    """
    for name in names:
        _require(_is_inside(name), name)
    view = view_of(path)
    if view is not None:
        live = dict(view.files)
        for name in names:  # others that lie there were deleted from the table
            _require(name in live, name)
        chosen = tuple(_fragment(live[one], one) for one in dict.fromkeys(names))
        return Source(view.folder, chosen, table=view)
    root = place(path)
    is_file = root.is_file()
    for name in names if is_file else ():
        _require(name == root.name, name)
    root = root.parent if is_file else root
    chosen = tuple(_fragment(root / one, one) for one in dict.fromkeys(names))
    return Source(root, chosen, is_single_file=is_file)


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    is_plain = bool(parts) and parts[0] != "/" and name == "/".join(parts) and "\0" not in name
    return is_plain and not any(part == ".." or is_hidden(part) for part in parts)


def _require(is_named: bool, name: str) -> None:
    if not is_named:
        raise ConfigError(
            "not the name of a file of a dataset",
            got=name,
            expected="its path below the root",
            remedy="pass names that a plan lists",
        )


def _fragment(path: Path, relative: str) -> Fragment:
    if is_remote(path):
        return object_of(path, relative)
    try:
        return Fragment(path, relative, os.stat(path).st_size)
    except OSError:  # reading raises its own error
        return Fragment(path, relative, 0)
