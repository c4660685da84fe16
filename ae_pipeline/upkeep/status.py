"""What has become of each fragment, told by the footers of the destination and by its notes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.config.backfill import FragmentState
from ae_pipeline.dataset import Fragment, Source, fragments_there
from ae_pipeline.errors import AePipelineError, OutOfMemoryError
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.out_of_memory import is_out_of_memory, out_of_memory
from ae_pipeline.parquet import leaf_sizes
from ae_pipeline.results.backfill import PlannedFragment
from ae_pipeline.results.progress import silent
from ae_pipeline.storage import Footer, read_footer, read_notes
from ae_pipeline.work import PATIENCE_S, in_threads

#: The state of a fragment, and its reason.
Finding = tuple[FragmentState, str]


@dataclass(frozen=True)
class Destination:
    """What is known of a dataset of ours before it is written to.

    Args:
        root: its folder; it need not exist.
        format: codec in use, None if there is none yet.
        failed: notes of failures, by fragment.
        retired: notes of sources that were deleted after verification, by fragment.
    """

    root: Path
    format: FragmentFormat | None
    failed: Mapping[str, Mapping[str, str]]
    retired: Mapping[str, Mapping[str, str]]

    @classmethod
    def look(cls, root: Path, format: FragmentFormat | None) -> Destination:
        """Read the notes."""
        return cls(root, format, read_notes(root, "failed"), read_notes(root, "retired"))

    def fragments(self) -> tuple[Fragment, ...]:
        """What is there."""
        return fragments_there(self.root)


def fragment_statuses(
    source: Source,
    destination: Destination,
    workers: int,
    patience_s: float = PATIENCE_S,
) -> list[PlannedFragment]:
    """State and reason of every fragment of a source, in their order.

    Args:
        source: fragments, whose fingerprints it remembers.
        destination: what is known of the dataset that they go to.
        workers: threads.
        patience_s: a fragment without progress for so long is told of in a warning.
    """

    def status(fragment: Fragment) -> PlannedFragment:
        state, reason = _finding(fragment, source, destination)
        return PlannedFragment(
            fragment.relative, fragment.partition, state, reason, fragment.size_bytes
        )

    return in_threads(
        source.fragments,
        status,
        workers=workers,
        stage="plan",
        progress=silent,
        patience_s=patience_s,
    )


def orphan_statuses(
    fragments: Sequence[Fragment], destination: Destination, source: Path
) -> list[PlannedFragment]:
    """Fragments of the destination whose source is gone: by our own hand or by another.

    Args:
        fragments: of the destination.
        destination: what is known of it.
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


def _without_source(fragment: Fragment, destination: Destination, source: Path) -> Finding:
    if fragment.relative in destination.retired:
        return "retired", "its source was deleted after verification"
    path = source / fragment.relative
    if path.is_symlink() and not path.exists():
        return "retired", "its source was a link to one that was deleted after verification"
    if os.path.lexists(path):
        return "failed", "its source is not Parquet any more"
    return "orphaned", "not in the source any more"


def _finding(fragment: Fragment, source: Source, destination: Destination) -> Finding:
    """The state of one fragment; one that cannot be read is left for encoding to complain of."""
    found = footer_of(destination.root / fragment.relative)
    failure = destination.failed.get(fragment.relative)
    try:
        identity = source.fingerprint(fragment)
    except OutOfMemoryError:
        raise
    except (AePipelineError, OSError) as error:
        return "failed", str(error)
    if found is not None:
        verdict = _compare(found, identity, fragment, destination)
    elif (destination.root / fragment.relative).exists():
        verdict = _unreadable(identity, destination.retired.get(fragment.relative))
    else:
        verdict = "missing", "never encoded"
    if failure and verdict[0] != "retired" and failure.get("source") == identity:
        return "failed", failure.get("message", "")
    return verdict


def _unreadable(identity: str, retired: Mapping[str, str] | None) -> Finding:
    if is_only_copy(None, identity, retired):
        return "retired", "its source was deleted, and what is there cannot be read"
    return "stale", "what is there cannot be read"


def _compare(found: Footer, identity: str, fragment: Fragment, destination: Destination) -> Finding:
    """The state of a fragment that is there."""
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


def is_only_copy(found: Footer | None, identity: str, retired: Mapping[str, str] | None) -> bool:
    """Whether a file that is there holds what no source has any more: writing it anew loses that.

    Args:
        found: its footer; None if it cannot be read.
        identity: fingerprint of the source at hand.
        retired: note that its source was deleted; None if there is none.
    """
    if retired is None:
        return False
    return identity != (retired.get("source") if found is None else found.source_fingerprint)


def footer_of(path: Path) -> Footer | None:
    """The footer of what is there; None if there is nothing to trust."""
    try:
        with path.open("rb") as file:
            leaf_sizes(file)  # if they cannot be read, encode would stumble over a current file
            return read_footer(pq.read_metadata(file), str(path))
    except (
        MemoryError,
        OSError,
        pa.ArrowException,
        AePipelineError,
        KeyError,
        ValueError,
    ) as error:
        if is_out_of_memory(error):  # which says nothing of the file
            raise out_of_memory(str(path)) from error
        return None
