"""Delete source files whose rows the archive is proved to hold; `objects` deletes objects.

Only verified files are deleted: both files are hashed again at the deletion. A note precedes each
step, so that after a kill at any moment the next run knows which files were meant (`recovery`):

1. write a `retiring` note;
2. give the source a hidden name, hash it under that name, then hash the archive file;
3. write a `retired` note;
4. delete the hidden file, then the first note.

The archive file is hashed last in step 2: a run that replaces it meanwhile finds no source and puts
it back (`replacing`).
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from ae_pipeline.errors import AePipelineError, DestinationError, StoreError
from ae_pipeline.protection import protecting
from ae_pipeline.publish import destination_errors, make_durable, rename, sync_folder
from ae_pipeline.results.dataset import Proof
from ae_pipeline.storage import read_note_now, remove_note, write_note
from ae_pipeline.store import Deletions, find_present, is_remote
from ae_pipeline.upkeep.retiring.objects import retire_object
from ae_pipeline.upkeep.retiring.retirement import (
    Note,
    Retirement,
    is_source_of,
    seen_at,
    sha256_at,
)

logger = logging.getLogger(__name__)


def retire(
    source: Path, archive: Path, relative: str, proof: Proof, deletions: Deletions | None = None
) -> bool:
    """Delete a source fragment if it and its archive file are the very files that were compared.

    Args:
        source: root of the source.
        archive: root of the archive.
        relative: path of the fragment below both.
        proof: identity of the files that were compared.
        deletions: in the bucket of the source, if it lies in a store.

    Returns:
        False if the source has changed, or another run was quicker.

    Raises:
        DestinationOverlapError: both are one file, or lie in one folder.
        DestinationError: the archive file has changed, a note cannot be written, or the source
            cannot be deleted; nothing was deleted then, and no note says so.
        StoreError: as `retire_object`.
    """
    one = Retirement(source, archive, relative)
    one.check_apart()
    if deletions is not None:
        return retire_object(one, proof, deletions)
    one.check_archive_file(proof)
    note = one.note(proof)
    # A cheap look, before the source is hidden.
    if not is_source_of(one.path, relative, {"source": note["source"]}):
        return False
    _check_not_hidden(one)
    write_note(archive, "retiring", relative, note)
    try:
        make_durable(one.archived, archive)  # before a note says that it exists
        with destination_errors(one.path), protecting(None):  # the source may be deleted here
            return _delete(one, note, proof)
    except BaseException:
        # A kill leaves no message; the next run puts right what it left.
        with suppress(AePipelineError, OSError):
            one.give_back()
        raise


def is_retired(source: Path, archive: Path, relative: str) -> bool:
    """Whether a source fragment was deleted after this very archive file had been verified.

    Args:
        source: root of the source.
        archive: root of the archive.
        relative: path of the fragment below both.
    """
    one = Retirement(source, archive, relative)
    try:
        note = read_note_now(archive, "retired", relative)
        if note is None or _is_present(one.path):
            return False
        return sha256_at(one.archived) == note.get("archive_sha256")
    except StoreError:  # nobody knows
        return False


def _is_present(path: Path) -> bool:
    return find_present(path) is not None if is_remote(path) else path.exists()


def _delete(one: Retirement, note: Note, proof: Proof) -> bool:
    """Hide the source, hash both files once more, note the deletion, delete."""
    try:
        rename(one.path, one.hidden)
    except FileNotFoundError:  # another run was quicker, and has verified the same files
        return False
    source = seen_at(one.hidden)
    archived = one.check_archive_file(proof)
    if source is None or source.sha256 != note["source_sha256"]:
        return _keep(one)
    write_note(one.archive, "retired", one.relative, dict(note))
    # A moment has passed: a program that had one of them open may have written to it.
    if not (source.is_still(one.hidden) and one.is_archive_still(archived)):
        return _keep(one)
    return _unlink(one)


def _unlink(one: Retirement) -> bool:
    """Delete the hidden file for good; False if another run did, or gave it back."""
    try:
        os.unlink(one.hidden)
    except FileNotFoundError:  # or the disk has gone
        if one.path.exists():
            remove_note(one.archive, "retired", one.relative)
        return False
    sync_folder(one.path.parent)
    remove_note(one.archive, "retiring", one.relative)
    logger.info("retired %s: its archive file was verified", one.relative)
    return True


def _keep(one: Retirement) -> bool:
    one.give_back()
    logger.warning("%s: changed during its deletion, kept", one.relative)
    return False


def _check_not_hidden(one: Retirement) -> None:
    if os.path.lexists(one.hidden):
        raise DestinationError(
            "a deletion was begun and not finished",
            where=str(one.hidden),
            remedy="run again; if it is still there, compare it with the file of that name",
        )
