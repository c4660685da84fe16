"""Delete source fragments that the archive is known to hold.

The note comes first, the deletion last, and in between the file is looked at once more under a
hidden name, so that neither a kill nor a writer at the same moment loses a row.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ae_pipeline.config import CompressJob
from ae_pipeline.errors import SourceNotFoundError
from ae_pipeline.pipeline.status import footer_of
from ae_pipeline.protection import protecting
from ae_pipeline.publish import destination_errors, make_durable, remove, rename
from ae_pipeline.results import FragmentFailure
from ae_pipeline.source import Fragment, file_hash, fingerprint
from ae_pipeline.storage import read_notes, write_note

logger = logging.getLogger(__name__)

#: What files are called while they are deleted, and when verification refused them.
_RETIRING, _REJECTED = ".retiring", ".rejected"


def retire(source: Path, archive: Path, relative: str) -> bool:
    """Delete a source fragment whose archive file was just verified; False if it has changed.

    Args:
        source: root of the source.
        archive: root of the archive.
        relative: path of the fragment below both.

    Raises:
        DestinationError: the note cannot be written, or the source cannot be deleted.
    """
    path, footer = source / relative, footer_of(archive / relative)
    if footer is None or not _is_it(path, relative, footer.source_fingerprint):
        return False
    identity = footer.source_fingerprint
    note = {"source": identity, "archive_sha256": file_hash(archive / relative)}
    make_durable(archive / relative, archive)  # before the note says that it is there
    write_note(archive, "retired", relative, note)
    with destination_errors(path), protecting(None):  # a source may go, and only here
        try:
            rename(path, _hidden(path, _RETIRING))
        except FileNotFoundError:  # another run was quicker, and knows the same
            return False
        return _finish(path, relative, identity)


def is_retired(source: Path, archive: Path, relative: str) -> bool:
    """Whether a source fragment was deleted once the very file that the archive has was verified.

    Args:
        source: root of the source.
        archive: root of the archive.
        relative: path of the fragment below both.
    """
    note = read_notes(archive, "retired").get(relative)
    path = archive / relative
    if note is None or (source / relative).exists() or not path.is_file():
        return False
    return file_hash(path) == note.get("archive_sha256")


def finish_retiring(job: CompressJob) -> None:
    """Finish what a killed run had begun: files that already have their hidden name.

    Raises:
        DestinationError: the source cannot be written.
    """
    if job.retention.delete_source == "never" or job.backfill.dry_run:
        return
    for relative, note in read_notes(Path(job.archive), "retired").items():
        path = Path(job.source) / relative
        if _hidden(path, _RETIRING).exists():
            with destination_errors(path), protecting(None):
                _finish(path, relative, note.get("source", ""))


def set_aside(source: Path, archive: Path, failure: FragmentFailure) -> None:
    """Hide an archive file that is not what its source is; without the source it stays.

    Args:
        source: root of the source.
        archive: root of the archive.
        failure: what verification said of the fragment.
    """
    path, footer = archive / failure.relative, footer_of(archive / failure.relative)
    has_source = (source / failure.relative).is_file()
    is_its = footer is None or _is_it(
        source / failure.relative, failure.relative, footer.source_fingerprint
    )
    if path.is_file() and has_source and is_its and not failure.is_retriable:
        with destination_errors(path):
            rename(path, _hidden(path, _REJECTED))
        logger.error("set aside %s", failure)


def _finish(path: Path, relative: str, identity: str) -> bool:
    """Delete the hidden file if it is what was verified, else give it its name back."""
    hidden = _hidden(path, _RETIRING)
    if _is_it(hidden, relative, identity):
        remove(hidden)
        logger.info("retired %s: its archive file was verified", relative)
        return True
    if hidden.exists() and not path.exists():
        rename(hidden, path)
    if path.exists():
        logger.warning("%s: changed while it was retired, kept", relative)
    return False


def is_rejected(name: str) -> bool:
    """Whether `set_aside` gives such names."""
    return name.startswith(".") and name.endswith(_REJECTED)


def _hidden(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.name}{suffix}")


def _is_it(path: Path, relative: str, identity: str) -> bool:
    try:
        return fingerprint(Fragment(path, relative, path.stat().st_size)) == identity
    except (SourceNotFoundError, FileNotFoundError):
        return False
