"""Set aside archive files that failed verification, until a good one has taken their place."""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa

from ae_pipeline.dataset import Fragment, file_hash, fingerprint, read_records
from ae_pipeline.errors import AePipelineError
from ae_pipeline.hidden_names import name_of_rejected, rejected_path
from ae_pipeline.publish import destination_errors, rename
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.storage import Footer, codec_directory, read_notes, read_unchecked
from ae_pipeline.upkeep.footers import footer_of

logger = logging.getLogger(__name__)

_BATCH_ROWS = 1 << 14


def set_aside(source: Path, archive: Path, failure: FragmentFailure) -> None:
    """Rename a damaged archive file to a hidden name; it stays if its source cannot replace it.

    Args:
        source: root of the source.
        archive: root of the archive.
        failure: what verification found.
    """
    path = archive / failure.relative
    if not failure.is_damage or not path.is_file():
        return
    if not _can_replace(source / failure.relative, failure.relative, footer_of(path)):
        logger.error("%s; it stays, since its source cannot replace it", failure)
        return
    with destination_errors(path):
        rename(path, rejected_path(path))
    logger.error("set aside %s", failure)


def has_successor(path: Path, archive: Path) -> bool:
    """Whether a good archive file has taken the place of one that was set aside.

    A good file has an intact footer and an existing codec, has the same source or is newer, and no
    note says that it failed or has not been read back.
    """
    good = path.with_name(name_of_rejected(path.name) or path.name)
    relative, footer = good.relative_to(archive).as_posix(), footer_of(good)
    if footer is None or not codec_directory(archive, footer.codec_id).is_dir():
        return False
    noted = {*read_notes(archive, "failed"), *read_unchecked(archive)}
    return relative not in noted and (
        _has_same_source(footer, footer_of(path))
        or good.stat().st_mtime_ns >= path.stat().st_mtime_ns
    )


def _has_same_source(good: Footer, rejected: Footer | None) -> bool:
    return rejected is not None and good.source_fingerprint == rejected.source_fingerprint


def _can_replace(source: Path, relative: str, footer: Footer | None) -> bool:
    """Whether the source file is, as far as is known, what was encoded, and is fully readable."""
    try:
        fragment = Fragment(source, relative, source.stat().st_size)
        if footer is not None and footer.source_fingerprint != fingerprint(fragment):
            return False
        for _ in read_records(fragment, _BATCH_ROWS):
            pass
        return not (footer and footer.source_sha256) or file_hash(source) == footer.source_sha256
    except (AePipelineError, OSError, pa.ArrowException, MemoryError):
        return False
