"""List a dataset and report what is left out: ignored and unreadable files, dangling links."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from ae_pipeline.dataset.discovery import discover
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.partial import open_footer
from ae_pipeline.dataset.source import Source
from ae_pipeline.errors import AePipelineError, EmptySourceError, SourceNotFoundError, listing
from ae_pipeline.lake import source_place
from ae_pipeline.store import is_remote, is_there

logger = logging.getLogger(__name__)


def fragments_there(dataset: Path) -> tuple[Fragment, ...]:
    """List the fragments of a dataset that may be empty or not exist yet."""
    try:
        return discover(dataset).fragments
    except (EmptySourceError, SourceNotFoundError):
        return ()


def tell_ignored(source: Source, path: str) -> None:
    """Warn of ignored files, with the reason for each: rows may hide there."""
    if source.ignored:
        logger.warning("%s: %s", path, source.ignored_line)


def readable(source: Source) -> tuple[Source, tuple[str, ...]]:
    """Return the fragments whose footers can be read, and the errors of the others.

    Raises:
        AePipelineError: no footer can be read; the error of the first.
    """
    complaints: dict[Fragment, AePipelineError | OSError] = {}
    for fragment in source.fragments:
        try:
            with open_footer(fragment):
                pass
        except (AePipelineError, OSError) as error:
            complaints[fragment] = error
    if complaints and len(complaints) == len(source.fragments):
        raise next(iter(complaints.values()))
    left = tuple(fragment for fragment in source.fragments if fragment not in complaints)
    return replace(source, fragments=left), tuple(map(str, complaints.values()))


def still_there(source: Source, retired: Collection[str]) -> Source:
    """Return the source without fragments that are gone since it was listed.

    Args:
        source: as it was listed.
        retired: fragments whose sources were deleted after verification by now.
    """
    left = tuple(one for one in source.fragments if is_there(one.path))
    return without_retired_links(replace(source, fragments=left), retired)


def without_retired_links(source: Source, retired: Collection[str]) -> Source:
    """Return the source without links to files that were deleted after verification.

    The archive holds their content, under both names if both were encoded.
    """
    if not retired:
        return source
    root = source.root.resolve()
    left = (one for one in source.fragments if not _leads_to_retired(one, root, retired))
    return replace(source, fragments=tuple(left))


def _leads_to_retired(fragment: Fragment, root: Path, retired: Collection[str]) -> bool:
    path = fragment.path
    if fragment.size_bytes or path.exists() or not path.is_symlink():
        return False
    target = Path(os.path.realpath(path))
    names = {fragment.relative}
    if target.is_relative_to(root):
        names.add(target.relative_to(root).as_posix())
    return not names.isdisjoint(retired)


_NAMED = 3


def find_source(path: str, retired: Collection[str], dataset: Path) -> Source:
    """Return the source, which may be empty once all its fragments were deleted after verification.

    Args:
        path: of the source.
        retired: fragments whose sources were deleted.
        dataset: the dataset that was made from the source; it need not exist.

    Raises:
        SourceError: the source is missing, or is empty although the dataset has fragments whose
            sources were not deleted.
    """
    try:
        return without_retired_links(discover(path), retired)
    except (EmptySourceError, SourceNotFoundError) as error:
        # A folder in a store goes with its last object.
        is_empty = isinstance(error, EmptySourceError) or is_remote(source_place(path))
        if not (retired and is_empty):
            raise
        names = [fragment.relative for fragment in fragments_there(dataset)]
        left = [relative for relative in names if relative not in retired]
        if left:
            raise EmptySourceError(
                f"source is empty, but {len(left):,} of {len(names):,} files that were made of it "
                "have none that was deleted after verification",
                where=path,
                got=listing(left, _NAMED),
                remedy="check that the source is complete (is its disk mounted?)",
            ) from error
        return Source(source_place(path), ())
