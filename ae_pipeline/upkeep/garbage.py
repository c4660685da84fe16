"""Find the files of a dataset that nothing refers to any more, however recent they are.

Fragments, the codecs that they name and the notes of deleted sources are never garbage. Links are
not followed: their targets are not part of the dataset.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from ae_pipeline.dataset import Fragment, discover, open_footer
from ae_pipeline.errors import AePipelineError, EmptySourceError
from ae_pipeline.hidden_names import is_temporary, name_of_rejected, name_of_replaced
from ae_pipeline.publish import destination_errors, remove, remove_tree
from ae_pipeline.storage import (
    Marker,
    checkpoint_directory,
    is_codec_id,
    private_folder,
    read_footer,
)
from ae_pipeline.store import walk
from ae_pipeline.upkeep.footers import footer_of
from ae_pipeline.upkeep.rejection import has_successor
from ae_pipeline.upkeep.retiring import is_still_needed

#: A file or folder, and why it is not needed.
Found: TypeAlias = tuple[Path, str]


def find_garbage(root: Path, marker: Marker) -> tuple[list[Found], tuple[str, ...]]:
    """Find all garbage of a dataset, in the order of paths, and nothing twice.

    Args:
        root: of the dataset.
        marker: names the codec in use.

    Returns:
        What was found, and warnings about what could not be decided.
    """
    codecs, warnings = _unreferenced_codecs(root, marker)
    found = [*codecs, *_checkpoints(root), *_failures_without_fragment(root)]
    places = {path for path, _ in found}
    files = (*_temporaries(root), *_rejected(root), *_replaced(root))
    found += [one for one in files if places.isdisjoint(one[0].parents)]
    return sorted(found), warnings


def newest_and_size(path: Path) -> tuple[float, int]:
    """Return the last write in seconds since the epoch, and the bytes of all files.

    Files that are gone by now do not count as old.
    """
    paths = [path, *(path.rglob("*") if path.is_dir() else ())]
    states = [state for state in map(_status, paths) if state is not None]
    newest = max((state.st_mtime for state in states), default=math.inf)
    return newest, sum(state.st_size for state in states if not stat.S_ISDIR(state.st_mode))


def remove_garbage(path: Path, root: Path) -> None:
    """Remove a file or folder, and private folders that this leaves empty.

    Raises:
        DestinationError: the folder cannot be written to.
    """
    with destination_errors(path):
        if path.is_dir():
            remove_tree(path)
        else:
            remove(path)
        folder = path.parent
        while private_folder(root) in folder.parents and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _status(path: Path) -> os.stat_result | None:
    """Return the file's status; None if it is gone: runs clean up after themselves."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _unreferenced_codecs(root: Path, marker: Marker) -> tuple[list[Found], tuple[str, ...]]:
    """Find codecs that neither the marker nor a fragment names.

    If a fragment does not reveal which codec it needs, return none of them and a warning.
    """
    codecs = [path for path in _own_folders(_private(root, "codecs")) if is_codec_id(path.name)]
    former = [path for path in codecs if path.name != marker.codec_id]
    if not former:
        return [], ()
    try:
        named = {_codec_of(fragment) for fragment in _fragments(root)}
    except (AePipelineError, OSError, ValueError) as error:
        return [], (f"codecs stay, since a fragment cannot tell which it needs: {_line(error)}",)
    # A source that is a single file may have any name, and so has its encoded file.
    named |= {footer.codec_id for footer in map(footer_of, _files_of(root)) if footer is not None}
    return [(path, "no fragment needs this codec") for path in former if path.name not in named], ()


def _checkpoints(root: Path) -> Iterator[Found]:
    """Find states of fits that did not end."""
    for path in _own_folders(checkpoint_directory(root)):
        yield path, "state of a fit that did not end"


def _failures_without_fragment(root: Path) -> Iterator[Found]:
    """Find notes of failures whose fragments are not in the dataset.

    Such notes can go: a fragment that fails again is noted again.
    """
    folder = _private(root, "failed")
    for path in _files_of(folder) if _is_own(folder) else ():
        fragment = path.relative_to(folder).as_posix().removesuffix(".json")
        if not is_temporary(path.name) and not (root / fragment).exists():
            yield path, "failure of a fragment that is not here"


def _temporaries(root: Path) -> Iterator[Found]:
    """Find files that were never published."""
    beside = (private_folder(root),) if private_folder(root).parent != root else ()
    for path in (path for folder in (root, *beside) for path in _files_of(folder)):
        if is_temporary(path.name):
            yield path, "half a file of a run that was killed"


def _rejected(root: Path) -> Iterator[Found]:
    """Find archive files that were set aside and encoded again.

    Those without a successor may be the only copy, and are not garbage.
    """
    for path in _files_of(root):
        if name_of_rejected(path.name) and has_successor(path, root):
            yield path, "an archive file that failed verification and was replaced"


def _replaced(root: Path) -> Iterator[Found]:
    """Find archive files that a run kept while it replaced them."""
    for path in _files_of(root):
        if name_of_replaced(path.name) and not is_still_needed(path, root):
            yield path, "an archive file that was replaced"


def _files_of(folder: Path) -> Iterator[Path]:
    """Yield the regular files in a folder, at any depth."""
    for place, _, names in walk(folder):
        for path in (place / name for name in names):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _fragments(root: Path) -> tuple[Fragment, ...]:
    """Return all fragments; those behind links need their codecs too."""
    try:
        return discover(root).fragments
    except EmptySourceError:
        return ()


def _codec_of(fragment: Fragment) -> str:
    """Return the codec id in a fragment's footer.

    Raises:
        AePipelineError, OSError, ValueError: it cannot be read, or is not there.
    """
    with open_footer(fragment) as file:
        footer = read_footer(file.metadata, fragment.relative)
    if footer is None:
        raise ValueError(f"{fragment.relative} was not written by ae-pipeline")
    return footer.codec_id


def _private(root: Path, name: str) -> Path:
    return private_folder(root) / name


def _own_folders(folder: Path) -> list[Path]:
    """Return the folders in a folder of the dataset, links left out."""
    if not _is_own(folder):
        return []
    return [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]


def _is_own(folder: Path) -> bool:
    """Whether a folder exists and neither it nor its parent is a link."""
    return folder.is_dir() and not folder.is_symlink() and not folder.parent.is_symlink()


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
