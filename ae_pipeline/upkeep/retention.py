"""Delete source fragments that the archive is known to hold.

What goes is what was verified: both files are hashed again at the deletion. Each step is noted
before it is taken, so that after a kill at any moment the next run knows which ones were:

1. a `retiring` note;
2. the source gets a hidden name, and is hashed under it, and then the archive file;
3. a `retired` note;
4. the hidden file is deleted, then the first note.

The archive file comes last in 2: a run that replaces it meanwhile finds no source and puts it back
(`replacing`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ae_pipeline.config.job import CompressJob
from ae_pipeline.dataset import Fragment, Seen, fingerprint, share_file_or_folder
from ae_pipeline.errors import AePipelineError, DestinationError, DestinationOverlapError
from ae_pipeline.hidden_names import retiring_path
from ae_pipeline.protection import protecting
from ae_pipeline.publish import destination_errors, make_durable, remove, rename, sync_folder
from ae_pipeline.results.dataset import FragmentFailure, Proof
from ae_pipeline.storage import read_notes, remove_note, write_note
from ae_pipeline.upkeep.replacing import finish_replacing
from ae_pipeline.upkeep.status import footer_of

logger = logging.getLogger(__name__)

Note = Mapping[str, str]


def retire(source: Path, archive: Path, relative: str, proof: Proof) -> bool:
    """Delete a source fragment if it and its archive file are the very files that were compared.

    Args:
        source: root of the source.
        archive: root of the archive.
        relative: path of the fragment below both.
        proof: of the comparison.

    Returns:
        False if the source has changed, or another run was quicker.

    Raises:
        DestinationOverlapError: both are one file, or lie in one folder.
        DestinationError: the archive file has changed, a note cannot be written, or the source
            cannot be deleted; nothing was, and no note says so.
    """
    path, ours = source / relative, archive / relative
    _check_apart(path, ours)
    _check_archive_file(_seen(ours), proof.archive_sha256, ours)
    footer = footer_of(ours)
    identity = "" if footer is None else footer.source_fingerprint
    if not _is_source(path, relative, {"source": identity}):  # a cheap look, before it is hidden
        return False
    note = {
        "source": identity,
        "source_sha256": proof.source_sha256,
        "archive_sha256": proof.archive_sha256,
    }
    if os.path.lexists(retiring_path(path)):
        raise DestinationError(
            "a deletion was begun and not ended",
            where=str(retiring_path(path)),
            remedy="run again; if it is still there, compare it with the file of that name",
        )
    write_note(archive, "retiring", relative, note)
    try:
        make_durable(ours, archive)  # before a note says that it is there
        with destination_errors(path), protecting(None):  # a source may go, and only here
            return _delete(path, archive, relative, note)
    except BaseException:
        # A kill is not told; what comes of it is brought right by the next run.
        with suppress(AePipelineError, OSError):
            _give_back(path, archive, relative)
        raise


def is_retired(source: Path, archive: Path, relative: str) -> bool:
    """Whether a source fragment was deleted once the very file that the archive has was verified.

    Args:
        source: root of the source.
        archive: root of the archive.
        relative: path of the fragment below both.
    """
    note = read_notes(archive, "retired").get(relative)
    if note is None or _path_of(source, relative).exists():
        return False
    return _hash_or_none(archive / relative) == note.get("archive_sha256")


def finish_retiring(job: CompressJob) -> None:
    """Bring right what a killed run had begun: its deletion is finished, or was none.

    It is finished only if this run deletes, too, and both files are those that were verified. What
    cannot be brought right is left to `unfinished`.
    """
    if job.backfill.dry_run:
        return
    archive = Path(job.archive)
    retired, begun = read_notes(archive, "retired"), read_notes(archive, "retiring")
    finish_replacing(archive, retired)
    for relative, note in {**retired, **begun}.items():
        path = _path_of(Path(job.source), relative)
        try:
            if retiring_path(path).exists():
                _finish(job, path, relative, note)
            elif relative in begun and _is_settled(
                path, Path(job.source), retired.get(relative), note
            ):
                remove_note(archive, "retiring", relative)
            if relative in retired and _is_back(path, note):
                remove_note(archive, "retired", relative)
        except (AePipelineError, OSError) as error:
            logger.warning("%s: its deletion was begun and not ended: %s", relative, error)


def unfinished(job: CompressJob) -> tuple[FragmentFailure, ...]:
    """Source fragments that still have a hidden name, which nobody reads them by."""
    noted = read_notes(Path(job.archive), "retiring")
    paths = {name: _path_of(Path(job.source), name) for name in noted}
    return tuple(
        FragmentFailure(
            relative, f"its deletion was begun and not ended: {retiring_path(path)}", True
        )
        for relative, path in paths.items()
        if retiring_path(path).exists()
    )


def _finish(job: CompressJob, path: Path, relative: str, note: Note) -> None:
    """Delete the hidden file if it is what was verified, else give it its name back."""
    archive = Path(job.archive)
    is_verified = _is_source(retiring_path(path), relative, note) and (
        _hash_or_none(archive / relative) == note.get("archive_sha256")
    )
    is_asked = job.retention.delete_source == "after_verify" or path.exists()
    if (
        is_verified
        and is_asked
        and not share_file_or_folder(retiring_path(path), archive / relative)
    ):
        write_note(archive, "retired", relative, dict(note))
        with destination_errors(path), protecting(None):
            remove(retiring_path(path))
        remove_note(archive, "retiring", relative)
        logger.info("retired %s: its archive file was verified", relative)
    else:
        _give_back(path, archive, relative)
        logger.warning("%s: its deletion was cut short, and is given up", relative)


def _delete(path: Path, archive: Path, relative: str, note: Note) -> bool:
    """Hide it, look at both files once more, note the deletion, delete it."""
    try:
        rename(path, retiring_path(path))
    except FileNotFoundError:  # another run was quicker, and knows the same
        return False
    theirs, ours = _seen(retiring_path(path)), _seen(archive / relative)
    _check_archive_file(ours, note["archive_sha256"], archive / relative)
    if theirs is None or theirs.sha256 != note["source_sha256"]:
        return _kept(path, archive, relative)
    write_note(archive, "retired", relative, dict(note))
    # A moment has passed: whoever had one of them open may have written to it.
    if not (theirs.is_still(retiring_path(path)) and ours and ours.is_still(archive / relative)):
        return _kept(path, archive, relative)
    try:
        os.unlink(retiring_path(path))
    except FileNotFoundError:  # another run finished it or gave it back, or the disk has gone
        if path.exists():
            remove_note(archive, "retired", relative)
        return False
    sync_folder(path.parent)
    remove_note(archive, "retiring", relative)
    logger.info("retired %s: its archive file was verified", relative)
    return True


def _kept(path: Path, archive: Path, relative: str) -> bool:
    _give_back(path, archive, relative)
    logger.warning("%s: changed while it was retired, kept", relative)
    return False


def _give_back(path: Path, archive: Path, relative: str) -> None:
    """Nothing is deleted: no note says so, and the hidden file has its name again.

    The note that it was deleted goes first: where the name is back, none may say that it is not.
    The other one goes last, since it tells where a hidden file lies; it stays where neither name is
    there, because a disk that is not mounted now comes back with one of them.
    """
    if retiring_path(path).exists():
        remove_note(archive, "retired", relative)
        if not os.path.lexists(path):
            with destination_errors(path), protecting(None):
                rename(retiring_path(path), path)
    if path.exists() and not retiring_path(path).exists():
        remove_note(archive, "retiring", relative)


def _is_settled(path: Path, source: Path, retired: Note | None, begun: Note) -> bool:
    """Whether a file has its name, or is deleted as was begun.

    Of a disk that is not mounted neither is known: then its folder is not there, or empty if it is
    the source itself.
    """
    folder = path.parent
    is_mounted = folder.is_dir() and (folder != source or any(folder.iterdir()))
    return path.exists() or (retired == begun and is_mounted)


def _check_archive_file(seen: Seen | None, sha256: str, path: Path) -> None:
    if seen is None or seen.sha256 != sha256:
        raise DestinationError(
            "archive file changed since it was verified",
            where=str(path),
            remedy="its source stays; run again",
        )


def _check_apart(path: Path, ours: Path) -> None:
    if share_file_or_folder(path, ours):
        raise DestinationOverlapError(
            "source and archive are one folder or file, by a link or a mount",
            where=str(path),
            remedy="take the link or mount out of the archive",
        )


def _path_of(source: Path, relative: str) -> Path:
    """Where a source fragment lies, or lay; a source may be a single file."""
    is_file = source.name == relative and not source.is_dir()
    return source if is_file else source / relative


def _is_back(path: Path, note: Note) -> bool:
    """Whether what was deleted has its name again, so that the archive is not the only copy."""
    return "source_sha256" in note and _hash_or_none(path) == note["source_sha256"]


def _is_source(path: Path, relative: str, note: Note) -> bool:
    """Whether it is what was verified; older notes have a fingerprint alone."""
    if "source_sha256" in note:
        return _hash_or_none(path) == note["source_sha256"]
    try:
        return fingerprint(Fragment(path, relative, path.stat().st_size)) == note.get("source")
    except (AePipelineError, OSError):
        return False


def _hash_or_none(path: Path) -> str | None:
    seen = _seen(path)
    return None if seen is None else seen.sha256


def _seen(path: Path) -> Seen | None:
    """None if it is not there; errors as `Seen.at` otherwise."""
    return Seen.at(path) if path.exists() else None
