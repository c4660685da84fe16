"""Finish or undo the deletions that a killed run began, from the notes that it left."""

from __future__ import annotations

import logging
from contextlib import nullcontext

from ae_pipeline.config.job import CompressJob
from ae_pipeline.dataset import share_file_or_folder
from ae_pipeline.errors import AePipelineError
from ae_pipeline.lake import source_place
from ae_pipeline.protection import protecting
from ae_pipeline.publish import destination_errors, remove
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.storage import read_notes, remove_note, write_note
from ae_pipeline.store import Deletions, deletions_in, place
from ae_pipeline.upkeep.retiring.objects import recover_object
from ae_pipeline.upkeep.retiring.replacing import finish_replacing
from ae_pipeline.upkeep.retiring.retirement import Note, Retirement, is_source_of, sha256_at

logger = logging.getLogger(__name__)


def finish_retiring(job: CompressJob) -> None:
    """Finish each deletion that a killed run began, or undo it.

    A deletion is finished only if this run deletes too and both files are still those that were
    verified. `unfinished` reports what can be neither finished nor undone.
    """
    if job.backfill.dry_run:
        return
    archive = place(job.archive)
    retired, begun = read_notes(archive, "retired"), read_notes(archive, "retiring")
    finish_replacing(archive, retired)
    source, accepts = source_place(job.source), job.retention.unversioned == "accept"
    with deletions_in(source, may_keep_none=accepts) if begun else nullcontext() as deletions:
        for relative in {**retired, **begun}:
            one = Retirement(source, archive, relative)
            try:
                _recover(job, one, retired.get(relative), begun.get(relative), deletions)
            except (AePipelineError, OSError) as error:
                logger.warning("%s: its deletion was begun and not finished: %s", relative, error)


def unfinished(job: CompressJob) -> tuple[FragmentFailure, ...]:
    """Report source fragments that still have a hidden name, under which nobody reads them."""
    archive = place(job.archive)
    noted = (
        Retirement(source_place(job.source), archive, name)
        for name in read_notes(archive, "retiring")
    )
    return tuple(
        FragmentFailure(
            one.relative, f"its deletion was begun and not finished: {one.hidden}", True
        )
        for one in noted
        if one.hidden.exists()
    )


def _recover(
    job: CompressJob,
    one: Retirement,
    retired: Note | None,
    begun: Note | None,
    deletions: Deletions | None,
) -> None:
    """Act on the notes of one fragment; at least one of them exists."""
    note = begun if begun is not None else retired or {}
    if begun is not None and deletions is not None:
        recover_object(one, retired, begun, deletions)
        return
    if one.hidden.exists():
        _finish_or_undo(job, one, note)
    elif begun is not None and _is_settled(one, retired, begun):
        remove_note(one.archive, "retiring", one.relative)
    if retired is not None and _is_back(one, note):
        remove_note(one.archive, "retired", one.relative)


def _finish_or_undo(job: CompressJob, one: Retirement, note: Note) -> None:
    """Delete the hidden file if it is the verified one; otherwise give it its name back."""
    is_verified = is_source_of(one.hidden, one.relative, note) and (
        sha256_at(one.archived) == note.get("archive_sha256")
    )
    is_wanted = job.retention.delete_source == "after_verify" or one.path.exists()
    if is_verified and is_wanted and not share_file_or_folder(one.hidden, one.archived):
        write_note(one.archive, "retired", one.relative, dict(note))
        with destination_errors(one.path), protecting(None):
            remove(one.hidden)
        remove_note(one.archive, "retiring", one.relative)
        logger.info("retired %s: its archive file was verified", one.relative)
    else:
        one.give_back()
        logger.warning("%s: its deletion was interrupted and is undone", one.relative)


def _is_settled(one: Retirement, retired: Note | None, begun: Note) -> bool:
    """Whether the file has its name, or was deleted as begun.

    Neither is known while a disk is not mounted: then the file's folder is missing, or empty if it
    is the source's root.
    """
    folder = one.path.parent
    is_mounted = folder.is_dir() and (folder != one.source or any(folder.iterdir()))
    return one.path.exists() or (retired == begun and is_mounted)


def _is_back(one: Retirement, note: Note) -> bool:
    """Whether the deleted file has its name again, so that the archive is not the only copy."""
    return "source_sha256" in note and sha256_at(one.path) == note["source_sha256"]
