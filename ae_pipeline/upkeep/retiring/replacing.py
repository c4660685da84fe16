"""Replace an archive file while another run may be deleting its source: one copy survives.

There is no lock. The deleting run hides the source, then hashes the archive file. The replacing run
keeps the old archive file until it has looked for the source. At least one of them sees the other.
A source in a store cannot be hidden; there the `retiring` note stands for it, which comes before
the deleting run looks at the archive file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ae_pipeline.dataset import file_hash
from ae_pipeline.errors import SourceChangedError
from ae_pipeline.hidden_names import name_of_replaced, replaced_path, temporary_path
from ae_pipeline.publish import destination_errors, remove, rename
from ae_pipeline.storage import NoteKind, read_note_now
from ae_pipeline.store import changing, find_present, is_remote, is_there, version_of

_KINDS: tuple[NoteKind, ...] = ("retired", "retiring")
#: S3 copies no larger object in one request.
_MOST_COPIED = 5 << 30


@contextmanager
def replacing(archive: Path, relative: str, source: Path) -> Iterator[Callable[[], None]]:
    """Put the old archive file back if its source is deleted while a new one is published.

    Yields a function to call right before the new file takes its name.

    Args:
        archive: root of the archive.
        relative: path of the fragment below it.
        source: the file that the fragment is encoded from.

    Raises:
        SourceChangedError: another run verified the old file and deleted the source.
        DestinationError: the old file cannot be kept.
    """
    path = archive / relative
    kept = replaced_path(path)
    try:
        yield lambda: _keep(path, kept)
    except BaseException:
        _drop(kept)
        raise
    if not (kept.is_file() and _may_be_deleted(archive, relative, source)):
        _drop(kept)
    elif _put_back(archive, relative):
        # The file stays: another run may be about to replace the one that was put back.
        raise SourceChangedError(
            "its source was deleted by another run, which had verified the present archive file",
            where=str(source),
            remedy="run compress, which finishes what a killed run began",
        )


def finish_replacing(archive: Path, retired: Mapping[str, Mapping[str, str]]) -> None:
    """Put back files that killed runs had replaced, if their sources were deleted.

    Args:
        archive: root of the archive.
        retired: notes of deleted sources, by fragment.
    """
    for folder in {(archive / relative).parent for relative in retired}:
        for name in {name for name in map(name_of_replaced, _names_in(folder)) if name}:
            _put_back(archive, (folder / name).relative_to(archive).as_posix())


def is_still_needed(path: Path, archive: Path) -> bool:
    """Whether a kept file is the verified one of a deleted source, and no copy has its name."""
    name = name_of_replaced(path.name)
    if name is None:
        return False
    good = path.with_name(name)
    verified = _verified(archive, good.relative_to(archive).as_posix())
    return file_hash(path) in verified and not (good.is_file() and file_hash(good) in verified)


def _may_be_deleted(archive: Path, relative: str, source: Path) -> bool:
    """Whether the source is gone, or is about to be deleted by another run."""
    if not is_remote(source):
        return not is_there(source)
    is_begun = read_note_now(archive, "retiring", relative) is not None
    return is_begun or find_present(source) is None


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _drop(kept: Path) -> None:
    if is_remote(kept):
        remove(kept)
    else:
        kept.unlink(missing_ok=True)


def _keep(path: Path, kept: Path) -> None:
    """Keep a file under a second name: a hard link, or a copy where there are no hard links."""
    version = version_of(path)
    if is_remote(path):
        if version is not None and version.size_bytes <= _MOST_COPIED:
            with suppress(FileNotFoundError):
                changing.copy(path, kept)
        return
    with destination_errors(path):
        try:
            os.link(path, kept)
        except FileNotFoundError:
            return
        except OSError:
            shutil.copy2(path, kept)


def _put_back(archive: Path, relative: str) -> bool:
    """Give the verified file its name back; False if it has it already or does not exist."""
    path, verified = archive / relative, _verified(archive, relative)
    if path.is_file() and file_hash(path) in verified:
        return False
    for name in _names_in(path.parent):
        is_kept, kept = name_of_replaced(name) == path.name, path.with_name(name)
        if is_kept and verified and file_hash(kept) in verified:
            if is_remote(path):
                changing.copy(kept, path)
                return True
            temporary = temporary_path(path)
            with destination_errors(path):
                _keep(kept, temporary)
                rename(temporary, path)
            return True
    return False


def _verified(archive: Path, relative: str) -> set[str]:
    """Return the SHA-256 of archive files whose sources were deleted, or are about to be."""
    notes = (read_note_now(archive, kind, relative) for kind in _KINDS)
    return {note["archive_sha256"] for note in notes if note and "archive_sha256" in note}
