"""What nothing in a dataset of ours refers to any more, however young it is.

Fragments, the codecs that they name and the notes of deleted sources are never garbage. Links are
not followed: what they lead to is not the dataset's own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ae_pipeline.dataset import Fragment, discover, open_fragment
from ae_pipeline.errors import AePipelineError, EmptySourceError
from ae_pipeline.hidden_names import is_temporary, name_of_rejected, name_of_replaced
from ae_pipeline.storage import (
    PRIVATE_FOLDER,
    Marker,
    checkpoint_directory,
    is_codec_id,
    read_footer,
)
from ae_pipeline.upkeep.rejection import has_successor
from ae_pipeline.upkeep.replacing import is_still_needed
from ae_pipeline.upkeep.status import footer_of

#: A file or folder, and why it is not needed.
Found = tuple[Path, str]


def idle_codecs(root: Path, marker: Marker) -> tuple[list[Found], tuple[str, ...]]:
    """Codecs that nothing names; none of them, and a warning, if that cannot be told."""
    codecs = [path for path in _own_folders(_private(root, "codecs")) if is_codec_id(path.name)]
    idle = [path for path in codecs if path.name != marker.codec_id]
    if not idle:
        return [], ()
    try:
        named = {_codec_of(fragment) for fragment in _fragments(root)}
    except (AePipelineError, OSError, ValueError) as error:
        return [], (f"codecs stay, since a fragment cannot tell which it needs: {_line(error)}",)
    # A single file is a source whatever its name is, and so is what came of it.
    named |= {footer.codec_id for footer in map(footer_of, files_of(root)) if footer is not None}
    return [(path, "no fragment needs this codec") for path in idle if path.name not in named], ()


def checkpoints(root: Path) -> Iterator[Found]:
    """States of fits that did not end."""
    for path in _own_folders(checkpoint_directory(root)):
        yield path, "state of a fit that did not end"


def lost_failures(root: Path) -> Iterator[Found]:
    """Notes of failures of fragments that are not here; who fails again is noted again."""
    folder = _private(root, "failed")
    for path in files_of(folder) if _is_own(folder) else ():
        fragment = path.relative_to(folder).as_posix().removesuffix(".json")
        if not is_temporary(path.name) and not (root / fragment).exists():
            yield path, "failure of a fragment that is not here"


def temporaries(root: Path) -> Iterator[Found]:
    """Files that were never published."""
    for path in files_of(root):
        if is_temporary(path.name):
            yield path, "half a file of a run that was killed"


def rejected(root: Path) -> Iterator[Found]:
    """Archive files that were set aside and encoded again: the others may be all there is."""
    for path in files_of(root):
        if name_of_rejected(path.name) and has_successor(path, root):
            yield path, "an archive file that failed verification and was replaced"


def replaced(root: Path) -> Iterator[Found]:
    """What a run kept while it replaced it."""
    for path in files_of(root):
        if name_of_replaced(path.name) and not is_still_needed(path, root):
            yield path, "an archive file that was replaced"


def files_of(folder: Path) -> Iterator[Path]:
    """Regular files at any depth."""
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _fragments(root: Path) -> tuple[Fragment, ...]:
    """Those behind links, too: they need their codecs."""
    try:
        return discover(root).fragments
    except EmptySourceError:
        return ()


def _codec_of(fragment: Fragment) -> str:
    """The id in its footer; an error of any kind if it cannot be told."""
    with open_fragment(fragment) as file:
        footer = read_footer(file.metadata, fragment.relative)
    if footer is None:
        raise ValueError(f"{fragment.relative} was not written by ae-pipeline")
    return footer.codec_id


def _private(root: Path, name: str) -> Path:
    return root / PRIVATE_FOLDER / name


def _own_folders(folder: Path) -> list[Path]:
    """Folders in one of ours, none of them a link."""
    if not _is_own(folder):
        return []
    return [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]


def _is_own(folder: Path) -> bool:
    """Whether it is there, and no link on the way to it."""
    return folder.is_dir() and not folder.is_symlink() and not folder.parent.is_symlink()


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
