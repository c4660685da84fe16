"""The source fragment that an encoded one was made from: found, proved to be it, read in step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from ae_pipeline.errors import (
    CorruptFragmentError,
    DestinationOverlapError,
    EmptySourceError,
    SourceChangedError,
    SourceNotFoundError,
)
from ae_pipeline.pipeline.listed import without_retired_links
from ae_pipeline.source import (
    Fragment,
    Source,
    discover,
    fingerprint,
    fragment_hash,
    pinned,
    read_records,
)
from ae_pipeline.storage import Footer, Part


def find_source(path: str, retired: Collection[str]) -> Source:
    """The source, which may have no fragments left once they were deleted after verification.

    Raises:
        SourceError: it is not there, or empty although nothing was deleted.
    """
    try:
        return without_retired_links(discover(path), retired)
    except EmptySourceError:
        if not retired:
            raise
        return Source(Path(path), ())


def find_original(
    source: str | None,
    footer: Footer,
    fragment: Fragment,
    retired: Mapping[str, str],
    returned: Collection[str] = (),
) -> Fragment | None:
    """The source fragment to compare with, once it proved to be the one that was encoded.

    One that was deleted after verification leaves the hash of the file that was verified. One that
    is in `returned` was deleted, too, but a file has its name again.

    Raises:
        CorruptFragmentError: the file is not the one that was verified.
        SourceNotFoundError: the source has no such fragment.
        SourceChangedError: it was rewritten since.
    """
    if fragment.relative in retired:
        check_verified(fragment, retired[fragment.relative])
        return None
    if source is None:
        return None
    path = Path(source) / fragment.relative
    if not path.is_file():
        raise SourceNotFoundError(
            "source has no such fragment",
            where=str(path),
            remedy="decode without --source, or restore it",
        )
    original = pinned(Fragment(path, fragment.relative, path.stat().st_size))
    if fingerprint(original) != footer.source_fingerprint:
        if fragment.relative in returned:
            raise returned_error(path)
        raise SourceChangedError(
            "source changed since it was encoded",
            where=str(path),
            remedy="encode it again, or decode without --source",
        )
    return original


def returned_error(path: Path) -> SourceChangedError:
    """What to say of a file that has the name of one that was deleted after verification."""
    return SourceChangedError(
        "another file has the name of one that was deleted after verification; the archive holds "
        "the only copy of that one",
        where=str(path),
        remedy="give the new file another name",
    )


def check_verified(fragment: Fragment, expected: str) -> None:
    """Raise `CorruptFragmentError` if a file is not the one that was verified, byte for byte."""
    found = fragment_hash(fragment)
    if found != expected:
        raise CorruptFragmentError(
            "not the file that was verified before its source was deleted",
            where=fragment.relative,
            expected=f"SHA-256 {expected}",
            got=found,
            remedy="restore it from a copy: the source is gone",
        )


def spare_source(path: Path, footer: Footer, fragment: Fragment) -> None:
    """Raise `DestinationOverlapError` if the source itself lies where its decoding would go."""
    if not path.is_file():
        return
    there = Fragment(path, fragment.relative, path.stat().st_size)
    if fingerprint(there) == footer.source_fingerprint:
        raise DestinationOverlapError(
            "this is the source it was encoded from",
            where=str(path),
            remedy="decode to another folder",
        )


def read_original(
    original: Fragment, part: Part, sizes: Sequence[int], n_rows: int
) -> Iterator[pa.RecordBatch]:
    """The rows and columns of the source that a part of its encoded fragment stands for.

    Args:
        original: source fragment.
        part: of the encoded fragment.
        sizes: rows of each row group of the encoded fragment.
        n_rows: at most so many rows at a time.
    """
    columns = None if part.columns is None else sorted(part.columns)
    batches = read_records(original, n_rows, columns)
    if part.row_groups is None:
        yield from batches
        return
    stops = list(accumulate(sizes))
    wanted = [(stops[n] - size, stops[n]) for n, size in part.groups_of(sizes, original.relative)]
    start = 0
    for batch in batches:
        for low, high in wanted:
            first, last = max(low - start, 0), min(high - start, len(batch))
            if first < last:
                yield batch.slice(first, last - first)
        start += len(batch)
