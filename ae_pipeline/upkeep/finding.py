"""The state of one fragment, from the footer of its encoded file and from notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from ae_pipeline.config.backfill import FragmentState
from ae_pipeline.dataset import Fragment, fragments_there
from ae_pipeline.errors import AePipelineError, OutOfMemoryError
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.storage import Footer, read_notes
from ae_pipeline.upkeep.footers import footer_of

#: The state of a fragment, and its reason.
Finding: TypeAlias = tuple[FragmentState, str]


@dataclass(frozen=True)
class CodecInUse:
    """The codec that the footers of current files name.

    Args:
        kind: of the dataset.
        codec_id: of the codec in use.
        extra: entries that only this kind has.
    """

    kind: str
    codec_id: str
    extra: Mapping[str, str]


@dataclass(frozen=True)
class Destination:
    """A dataset that is about to be written to.

    Args:
        root: its folder, which need not exist.
        in_use: the codec in use; None if there is none yet.
        failed: notes of failures, by fragment.
        retired: notes of sources that were deleted after verification, by fragment.
    """

    root: Path
    in_use: CodecInUse | None
    failed: Mapping[str, Mapping[str, str]]
    retired: Mapping[str, Mapping[str, str]]

    @classmethod
    def look(cls, root: Path, format: FragmentFormat | None) -> Destination:
        """Read the notes of a dataset."""
        in_use = None if format is None else CodecInUse(format.kind, format.codec_id, format.extra)
        return cls(root, in_use, read_notes(root, "failed"), read_notes(root, "retired"))

    def part(self, fragments: Iterable[Fragment]) -> Destination:
        """Return the same with the notes of some fragments alone."""
        names = [fragment.relative for fragment in fragments]
        failed, retired = (
            {name: notes[name] for name in names if name in notes}
            for notes in (self.failed, self.retired)
        )
        return replace(self, failed=failed, retired=retired)

    def fragments(self) -> tuple[Fragment, ...]:
        """List the fragments it has now."""
        return fragments_there(self.root)


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


def finding_of(
    fragment: Fragment, identity_of: Callable[[Fragment], str], destination: Destination
) -> Finding:
    """Find the state of one fragment; encoding reports why an unreadable source is unreadable.

    Args:
        fragment: of the source.
        identity_of: returns the fingerprint of a fragment; errors as `fingerprint`.
        destination: the dataset it is encoded to.

    Raises:
        OutOfMemoryError: there was not enough memory.
        StoreError: the object store does not answer.
    """
    path = destination.root / fragment.relative
    found = footer_of(path)
    failure = destination.failed.get(fragment.relative)
    if found is None and not failure and not path.exists():
        return "missing", "never encoded"
    try:
        identity = identity_of(fragment)
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
    in_use = destination.in_use
    if in_use is None:
        return "current", ""
    if (found.kind, dict(found.extra)) != (in_use.kind, dict(in_use.extra)):
        return "stale", "settings changed"
    if found.codec_id != in_use.codec_id:
        return "outdated", f"codec {found.codec_id[:8]}, in use is {in_use.codec_id[:8]}"
    return "current", ""
