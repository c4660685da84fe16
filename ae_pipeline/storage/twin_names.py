"""Find names that a file system takes for one: `c=de` and `C=DE`, or two spellings of an accent.

One file would replace the other, and its source might be deleted. Since file systems differ in what
they fold, names in doubt are tried on the destination before anything is written.
"""

from __future__ import annotations

import os
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

from ae_pipeline.dataset import Fragment, fragments_there
from ae_pipeline.errors import NameCollisionError
from ae_pipeline.hidden_names import temporary_path
from ae_pipeline.publish import destination_errors
from ae_pipeline.store import is_remote

#: Longer names leave no room for what a temporary name adds.
_LONGEST_BYTES = 200


def check_distinct_names(destination: Path, fragments: Iterable[Fragment]) -> None:
    """Raise `NameCollisionError` if the file system would put two fragments into one file.

    Args:
        destination: dataset to write to; its present fragments count, too.
        fragments: all that may be written.
    """
    if is_remote(destination):  # where no two names are one
        return
    relatives = {fragment.relative for fragment in (*fragments, *fragments_there(destination))}
    for folder, name, other in twin_names(relatives):
        if _are_one(_nearest(destination / folder), name, other):
            raise NameCollisionError(
                "the file system takes two names for one",
                where=str(destination / folder),
                got=f"{name} and {other}",
                remedy="choose a destination that tells them apart, or rename one in the source",
            )


def twin_names(relatives: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield a folder and two names in it, of files or folders, that some file system folds."""
    groups: dict[tuple[str, str], set[str]] = {}
    for relative in sorted(relatives):
        folder = "."
        for name in relative.split("/"):
            groups.setdefault((folder, _folded(name)), set()).add(name)
            folder = name if folder == "." else f"{folder}/{name}"
    for (folder, _), names in groups.items():
        for name, other in combinations(sorted(names), 2):
            yield folder, name, other


def _folded(name: str) -> str:
    """Return a text that is the same for all names that any file system folds into one.

    Windows and its file systems drop dots and spaces at the end.
    """
    # Upper case first: a dotless i has it in common with others, folded case has it not.
    folded = unicodedata.normalize("NFKC", name).upper().casefold()
    return unicodedata.normalize("NFKC", folded).rstrip(". ")


def _nearest(folder: Path) -> Path:
    """Return the folder, or the first above it that exists: new folders inherit its rules."""
    return next(place for place in (folder, *folder.absolute().parents) if place.is_dir())


def _are_one(folder: Path, name: str, other: str) -> bool:
    """Create a file of the one name and look for the other."""
    if max(len(os.fsencode(name)), len(os.fsencode(other))) > _LONGEST_BYTES:
        name, other = "probe", "PROBE"
    token = secrets.token_hex(4)
    made, looked_for = (temporary_path(folder / it, token) for it in (name, other))
    with destination_errors(folder / name):
        try:
            made.touch(exist_ok=False)
            return os.path.lexists(looked_for)
        finally:
            made.unlink(missing_ok=True)
