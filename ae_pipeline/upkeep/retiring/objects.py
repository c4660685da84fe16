"""Delete sources that are objects: nothing can hide them first, so versions do what names do.

1. write a `retiring` note, which names the version of the source that was compared;
2. look at the archive file, and write a `retired` note;
3. delete the source if it is that version still;
4. where the bucket keeps versions, look at what the deletion hid: if it is another version, give it
   its name back, and remove the `retired` note;
5. remove the first note.

A run that is killed leaves notes, which the next one puts right. It may do so while a run is still
at work: whoever deletes then looks for its note, and whoever takes a note away looks for the
object, so one of them sees the other.
"""

from __future__ import annotations

import logging
from contextlib import suppress

from ae_pipeline.errors import AePipelineError, DestinationError, StoreUnavailableError
from ae_pipeline.publish import make_durable
from ae_pipeline.results.dataset import Proof
from ae_pipeline.storage import read_note_now, remove_note, write_note
from ae_pipeline.store import Deletions, Entry, find_present
from ae_pipeline.upkeep.retiring.retirement import Note, Retirement

logger = logging.getLogger(__name__)


def retire_object(one: Retirement, proof: Proof, deletions: Deletions) -> bool:
    """Delete a source in a store if it and its archive file are the versions that were compared.

    Args:
        one: its names.
        proof: identity of the versions that were compared.
        deletions: in the bucket of the source.

    Returns:
        False if the source is another version by now, or gone.

    Raises:
        DestinationError: the archive file has changed, or a note cannot be written; nothing was
            deleted then, and no note says so.
        StoreDeniedError: the same, where the store denies a step before the deletion.
        StoreUnavailableError: the same, or else nobody knows whether it was deleted: then the
            notes stay, and the next run puts them right.
    """
    version = _comparable(one, proof)
    present = find_present(one.path)
    if present is None or not present.entry.is_same(version):
        return False
    note = {
        **one.note(proof),
        "source_etag": version.etag or "",
        "source_version": present.version_id if deletions.keeps_versions else "",
    }
    write_note(one.archive, "retiring", one.relative, note)
    try:
        one.check_archive_file(proof)
        make_durable(one.archived, one.archive)  # before a note says that it exists
        write_note(one.archive, "retired", one.relative, note)
    except BaseException:
        with suppress(AePipelineError, OSError):
            _undo(one, note)
        raise
    return _delete(one, note, version, deletions)


def recover_object(
    one: Retirement, retired: Note | None, begun: Note, deletions: Deletions
) -> None:
    """Put right the notes of a deletion that a killed run began; the object is not deleted.

    Args:
        one: its names.
        retired: note that the deletion was about to come, or came; None if there is none.
        begun: note that the deletion was begun.
        deletions: in the bucket of the source.

    Raises:
        StoreError: the store denies a step, or does not answer; the notes stay.
    """
    if retired is None:  # nobody has begun to delete it
        remove_note(one.archive, "retiring", one.relative)
        return
    present, note = find_present(one.path), begun or retired
    if present is not None and present.entry.etag == note.get("source_etag"):
        _undo(one, note)
        logger.warning("%s: its deletion was interrupted and is undone", one.relative)
    else:
        _settle(one, note, deletions)


def _comparable(one: Retirement, proof: Proof) -> Entry:
    """Return the version of the source that was compared."""
    version = proof.source_version
    if version is None or version.etag is None:
        raise DestinationError(
            "source has no ETag, so nobody can tell whether it was replaced", where=str(one.path)
        )
    if proof.source_sha256 == proof.archive_sha256:
        raise DestinationError("source and archive file are the same", where=str(one.path))
    return version


def _delete(one: Retirement, note: Note, version: Entry, deletions: Deletions) -> bool:
    try:
        is_deleted = deletions.delete(one.path, version)
    except StoreUnavailableError:  # it may have been deleted
        raise
    except AePipelineError:
        with suppress(AePipelineError, OSError):
            _undo(one, note)
        raise
    if is_deleted:
        return _settle(one, note, deletions)
    _undo(one, note)
    logger.warning("%s: changed during its deletion, kept", one.relative)
    return False


def _settle(one: Retirement, note: Note, deletions: Deletions) -> bool:
    """Look at what a deletion hid, and put the notes right; False if the source is there."""
    if deletions.settle(one.path, note.get("source_version", "")) != "deleted":
        _undo(one, note)
        logger.warning("%s: replaced during its deletion, kept", one.relative)
        return False
    if read_note_now(one.archive, "retired", one.relative) is None:
        write_note(one.archive, "retired", one.relative, dict(note))
    remove_note(one.archive, "retiring", one.relative)
    logger.info("retired %s: its archive file was verified", one.relative)
    return True


def _undo(one: Retirement, note: Note) -> None:
    """Remove the notes of a deletion that does not come, unless another run has just deleted it."""
    remove_note(one.archive, "retired", one.relative)
    if find_present(one.path) is None:
        write_note(one.archive, "retired", one.relative, dict(note))
    remove_note(one.archive, "retiring", one.relative)
