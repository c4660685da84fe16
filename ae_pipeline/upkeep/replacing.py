"""Replace an archive file while another run may be deleting its source: one copy survives.

There is no lock. The deleting run hides the source, then hashes the archive file. The replacing run
keeps the old archive file until it has looked for the source. At least one of them sees the other.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ae_pipeline.dataset import file_hash
from ae_pipeline.errors import SourceChangedError
from ae_pipeline.hidden_names import name_of_replaced, replaced_path, temporary_path
from ae_pipeline.publish import destination_errors, rename
from ae_pipeline.storage import read_notes
from ae_pipeline.store import is_there


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
        kept.unlink(missing_ok=True)
        raise
    if is_there(source):
        kept.unlink(missing_ok=True)
    elif kept.is_file() and _put_back(archive, relative):
        # The file stays: another run may be about to replace the one that was put back.
        raise SourceChangedError(
            "its source was deleted by another run, which had verified the present archive file",
            where=str(source),
        )


def finish_replacing(archive: Path, retired: Mapping[str, Mapping[str, str]]) -> None:
    """Put back files that killed runs had replaced, if their sources were deleted.

    Args:
        archive: root of the archive.
        retired: notes of deleted sources, by fragment.
    """
    for folder in {(archive / relative).parent for relative in retired}:
        names = os.listdir(folder) if folder.is_dir() else []
        for name in {name for name in map(name_of_replaced, names) if name}:
            _put_back(archive, (folder / name).relative_to(archive).as_posix())


def is_still_needed(path: Path, archive: Path) -> bool:
    """Whether a kept file is the verified one of a deleted source, and no copy has its name."""
    name = name_of_replaced(path.name)
    if name is None:
        return False
    good = path.with_name(name)
    verified = _verified(archive, good.relative_to(archive).as_posix())
    return file_hash(path) in verified and not (good.is_file() and file_hash(good) in verified)


def _keep(path: Path, kept: Path) -> None:
    """Keep a file under a second name: a hard link, or a copy where there are no hard links."""
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
    for name in sorted(os.listdir(path.parent)):
        is_kept, kept = name_of_replaced(name) == path.name, path.with_name(name)
        if is_kept and verified and file_hash(kept) in verified:
            temporary = temporary_path(path)
            with destination_errors(path):
                _keep(kept, temporary)
                rename(temporary, path)
            return True
    return False


def _verified(archive: Path, relative: str) -> set[str]:
    """Return the SHA-256 of archive files whose sources were deleted, or are about to be."""
    notes = (read_notes(archive, kind).get(relative, {}) for kind in ("retired", "retiring"))
    return {note["archive_sha256"] for note in notes if "archive_sha256" in note}
