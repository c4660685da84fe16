"""The source fragment that an encoded one was made from: found, identified, read in step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from ae_pipeline.dataset import (
    Fragment,
    file_hash,
    fingerprint,
    fragment_hash,
    fragment_schema,
    pinned,
    read_records,
)
from ae_pipeline.errors import (
    CorruptFragmentError,
    DestinationOverlapError,
    PromiseBrokenError,
    SourceChangedError,
    SourceDamagedError,
    SourceNotFoundError,
)
from ae_pipeline.out_of_memory import is_out_of_memory
from ae_pipeline.storage import Footer, Part
from ae_pipeline.store import place


@contextmanager
def blaming_right(
    original: Fragment | None, footer: Footer, *, has_promise: bool
) -> Iterator[None]:
    """Blame our file for a difference only if the source is proved to be what was encoded.

    Raises:
        SourceDamagedError: the source rotted or was rewritten, or nothing proves that it was not.
    """
    try:
        yield
    except (PromiseBrokenError, pa.ArrowException) as error:
        # Features promise nothing, and no source is deleted for them.
        if original is None or not has_promise or is_out_of_memory(error):
            raise
        if not _is_proved(original, footer.source_sha256):
            raise SourceDamagedError(
                "source and archive file differ, and nothing proves that the source is right",
                where=str(original.path),
                expected=f"SHA-256 {footer.source_sha256 or 'unknown, of an older release'}",
                got=str(error),
                remedy="restore it; or decode the archive file, compare, and take the source as it "
                "is with `encode --force`",
            ) from error
        raise


def _is_proved(original: Fragment, sha256: str) -> bool:
    """Return whether every byte is known to be what was encoded."""
    try:
        return file_hash(original.path) == sha256
    except OSError:
        return False


@contextmanager
def blaming_source(original: Fragment) -> Iterator[None]:
    """Attribute damage found inside to the source: readers do not know whose file they read."""
    try:
        yield
    except CorruptFragmentError as error:
        raise SourceDamagedError(
            "source can no longer be read",
            where=str(original.path),
            got=error.got or error.what,
            remedy="restore it, or decode the archive, which may hold the only good copy",
        ) from error


def schema_of(original: Fragment) -> pa.Schema:
    """Return the source fragment's schema; `SourceDamagedError` if it cannot be read."""
    with blaming_source(original):
        return fragment_schema(original)


def find_original(
    source: str | None,
    footer: Footer,
    fragment: Fragment,
    retired: Mapping[str, str],
    returned: Collection[str] = (),
) -> Fragment | None:
    """Return the source fragment to compare with, after checking that it is the encoded one.

    A source deleted after verification leaves the hash of the verified file. One in `returned`
    was deleted, too, but another file has its name now.

    Raises:
        CorruptFragmentError: the file is not the one that was verified.
        SourceNotFoundError: the source has no such fragment.
        SourceChangedError: it has been rewritten since.
    """
    if fragment.relative in retired:
        check_verified(fragment, retired[fragment.relative])
        return None
    if source is None:
        return None
    path = place(source) / fragment.relative
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
    """Return the error for a file that has the name of one deleted after verification."""
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
            "this is the source that it was encoded from",
            where=str(path),
            remedy="decode to another folder",
        )


def read_original(
    original: Fragment, part: Part, sizes: Sequence[int], n_rows: int
) -> Iterator[pa.RecordBatch]:
    """Read the rows and columns of the source that a part of its encoded fragment stands for.

    Args:
        original: source fragment.
        part: part of the encoded fragment.
        sizes: rows of each row group of the encoded fragment.
        n_rows: the most rows of a batch.

    Raises:
        SourceDamagedError: it cannot be read.
    """
    columns = None if part.columns is None else sorted(part.columns)
    with blaming_source(original):
        batches = read_records(original, n_rows, columns)
        yield from (
            batches if part.row_groups is None else _of_groups(batches, original, part, sizes)
        )


def _of_groups(
    batches: Iterator[pa.RecordBatch], original: Fragment, part: Part, sizes: Sequence[int]
) -> Iterator[pa.RecordBatch]:
    stops = list(accumulate(sizes))
    wanted = [(stops[n] - size, stops[n]) for n, size in part.groups_of(sizes, original.relative)]
    start = 0
    for batch in batches:
        for low, high in wanted:
            first, last = max(low - start, 0), min(high - start, len(batch))
            if first < last:
                yield batch.slice(first, last - first)
        start += len(batch)
