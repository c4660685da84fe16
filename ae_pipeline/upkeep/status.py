"""Find the state of each fragment, from the footers of the destination and from its notes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ae_pipeline.config.backfill import FragmentState
from ae_pipeline.dataset import Fragment, Source, fragments_there
from ae_pipeline.errors import AePipelineError, OutOfMemoryError
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.results.backfill import PlannedFragment
from ae_pipeline.results.progress import silent
from ae_pipeline.storage import Footer, read_notes
from ae_pipeline.store import is_there
from ae_pipeline.upkeep.footers import footer_of
from ae_pipeline.work import PATIENCE_S, in_threads

#: Most states are known without reading; each thread has several turns, in case some are not.
_MOST_AT_ONCE, _LEAST_TURNS = 64, 8
#: The state of a fragment, and its reason.
Finding: TypeAlias = tuple[FragmentState, str]


@dataclass(frozen=True)
class Destination:
    """A dataset that is about to be written to.

    Args:
        root: its folder, which need not exist.
        format: with the codec in use; None if there is none yet.
        failed: notes of failures, by fragment.
        retired: notes of sources that were deleted after verification, by fragment.
    """

    root: Path
    format: FragmentFormat | None
    failed: Mapping[str, Mapping[str, str]]
    retired: Mapping[str, Mapping[str, str]]

    @classmethod
    def look(cls, root: Path, format: FragmentFormat | None) -> Destination:
        """Read the notes of a dataset."""
        return cls(root, format, read_notes(root, "failed"), read_notes(root, "retired"))

    def fragments(self) -> tuple[Fragment, ...]:
        """List the fragments it has now."""
        return fragments_there(self.root)


def fragment_statuses(
    source: Source,
    destination: Destination,
    workers: int,
    patience_s: float = PATIENCE_S,
) -> list[PlannedFragment]:
    """Find the state of every fragment of a source, in their order.

    Args:
        source: its fragments are looked at; it caches their fingerprints.
        destination: the dataset they are encoded to.
        workers: number of threads.
        patience_s: warn of a fragment that makes no progress for this long.
    """

    def status(fragment: Fragment) -> PlannedFragment:
        state, reason = _finding(fragment, source, destination)
        return PlannedFragment(
            fragment.relative, sys.intern(fragment.partition), state, reason, fragment.size_bytes
        )

    n_fragments = len(source.fragments)
    return in_threads(
        source.fragments,
        status,
        workers=workers,
        stage="plan",
        progress=silent,
        patience_s=patience_s,
        at_once=max(1, min(_MOST_AT_ONCE, n_fragments // (_LEAST_TURNS * workers))),
    )


def orphan_statuses(
    fragments: Sequence[Fragment], destination: Destination, source: Path
) -> list[PlannedFragment]:
    """Find why each of these fragments of the destination has no source.

    Args:
        fragments: fragments of the destination.
        destination: the dataset.
        source: root of the source, which lists none of them.
    """
    return [
        PlannedFragment(
            fragment.relative,
            fragment.partition,
            *_without_source(fragment, destination, source),
            fragment.size_bytes,
            has_source=False,
        )
        for fragment in fragments
    ]


def is_only_copy(found: Footer | None, identity: str, retired: Mapping[str, str] | None) -> bool:
    """Whether an encoded file holds rows that no source has any more; rewriting it loses them.

    Args:
        found: its footer; None if it cannot be read.
        identity: fingerprint of the source file that now has its name.
        retired: note that its source was deleted; None if there is none.
    """
    if retired is None:
        return False
    return identity != (retired.get("source") if found is None else found.source_fingerprint)


def _without_source(fragment: Fragment, destination: Destination, source: Path) -> Finding:
    if fragment.relative in destination.retired:
        return "retired", "its source was deleted after verification"
    path = source / fragment.relative
    if path.is_symlink() and not path.exists():
        return "retired", "its source was a link to one that was deleted after verification"
    if is_there(path):
        return "failed", "its source is not Parquet any more"
    return "orphaned", "not in the source any more"


def _finding(fragment: Fragment, source: Source, destination: Destination) -> Finding:
    """Find the state of one fragment; encoding reports why an unreadable source is unreadable."""
    path = destination.root / fragment.relative
    found = footer_of(path)
    failure = destination.failed.get(fragment.relative)
    if found is None and not failure and not path.exists():
        return "missing", "never encoded"
    try:
        identity = source.fingerprint(fragment)
    except OutOfMemoryError:
        raise
    except (AePipelineError, OSError) as error:
        return "failed", str(error)
    if found is not None:
        finding = _compare(found, identity, fragment, destination)
    elif path.exists():
        finding = _unreadable(identity, destination.retired.get(fragment.relative))
    else:
        finding = "missing", "never encoded"
    if failure and finding[0] != "retired" and failure.get("source") == identity:
        return "failed", failure.get("message", "")
    return finding


def _unreadable(identity: str, retired: Mapping[str, str] | None) -> Finding:
    if is_only_copy(None, identity, retired):
        return "retired", "its source was deleted, and its encoded file cannot be read"
    return "stale", "its encoded file cannot be read"


def _compare(found: Footer, identity: str, fragment: Fragment, destination: Destination) -> Finding:
    """Compare the footer of an encoded file with its source and with the codec in use."""
    if is_only_copy(found, identity, destination.retired.get(fragment.relative)):
        return "retired", "deleted after verification, came back with other content"
    if found.source_fingerprint != identity:
        return "stale", "source changed"
    format = destination.format
    if format is None:
        return "current", ""
    if (found.kind, dict(found.extra)) != (format.kind, format.extra):
        return "stale", "settings changed"
    if found.codec_id != format.codec_id:
        return "outdated", f"codec {found.codec_id[:8]}, in use is {format.codec_id[:8]}"
    return "current", ""
