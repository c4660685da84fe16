"""Which bytes a file holds: a fingerprint that is cheap, and a proof that is certain.

A fingerprint is no checksum of every byte: it covers the footer, which holds the size, offset and
statistics of each column of each row group, and a few pages spread over the file. Rewriting a
fragment with other values changes it unless every compressed size and every sampled page stay the
same. Modification times are left out: copying a dataset does not make it stale.

A proof hashes every byte before and after a comparison, since a file may rot, be rewritten in place
or be replaced in between. A file that is changed and changed back has another change time, which no
program can set.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.opening import identity_of_status, opened, reading_errors
from ae_pipeline.dataset.partial import opened_end
from ae_pipeline.errors import SourceChangedError
from ae_pipeline.results.dataset import Proof
from ae_pipeline.store import recall, remember, version_of

_PAGES = 16
_PAGE_BYTES = 4096
_TAIL_BYTES = 8
#: Up to here, one request for all of an object is less trouble than one per page.
_FETCHED_BYTES = 1 << 26


def fingerprint(fragment: Fragment) -> str:
    """Return 32 hex digits from path, size, footer and sampled content.

    A file that is not Parquet has one, too; reading it raises later.

    Raises:
        FragmentReplacedError: the file is not the one that was pinned.
        SourceNotFoundError: the file is gone or may not be read.
    """
    found = known_fingerprint(fragment)
    if not found:
        found = _fingerprint(fragment)
        remember(fragment.path, "fingerprint", f"{fragment.relative}\0{found}")
    return found


def known_fingerprint(fragment: Fragment) -> str:
    """Return the fingerprint of an object whose version was read before; "" of all others."""
    known = recall(fragment.path, "fingerprint")
    # One fingerprint per path: an object that is read as a single file has another.
    relative, _, found = (known or "").rpartition("\0")
    return found if relative == fragment.relative else ""


def _fingerprint(fragment: Fragment) -> str:
    digest = hashlib.sha256()
    # Of a large object only the pages are fetched.
    is_large = fragment.size_bytes > _FETCHED_BYTES
    with opened_end(fragment) if is_large else opened(fragment) as file:
        size_bytes = file.seek(0, os.SEEK_END)
        digest.update(f"{fragment.relative}\0{size_bytes}\0".encode())
        for offset, length in _extents(file, size_bytes):
            file.seek(offset)
            digest.update(file.read(length))
    return digest.hexdigest()[:32]


def file_hash(path: Path) -> str:
    """Return the SHA-256 of every byte of a file, as hex digits."""
    with path.open("rb") as file:
        return _hash_of(file)


def fragment_hash(fragment: Fragment) -> str:
    """Return the SHA-256 of every byte of a fragment, as hex digits; errors as `fingerprint`."""
    with opened(fragment) as file:
        return _hash_of(file)


@dataclass(frozen=True)
class Seen:
    """A file at one moment.

    Args:
        identity: device, inode, size, and times of writing and of change in nanoseconds.
        sha256: of all its bytes.
    """

    identity: tuple[int, ...]
    sha256: str

    @classmethod
    def at(cls, path: Path) -> Seen:
        """Read all of a file.

        Raises:
            SourceNotFoundError: the file is gone or may not be read.
            SourceChangedError: it is written to, or replaced, at this moment.
        """
        with reading_errors(Fragment(path, path.name, 0)):
            with path.open("rb") as file:
                identity = _identity(os.fstat(file.fileno()))
                sha256 = _hash_of(file)
            if _identity(path.stat()) != identity:
                raise _changed(path)
        return cls(identity, sha256)

    def is_still(self, path: Path) -> bool:
        """Whether nobody has written to it or replaced it, as far as its times show."""
        with reading_errors(Fragment(path, path.name, 0)):
            return _identity(path.stat()) == self.identity

    def check(self, path: Path) -> None:
        """Read all of it again; `SourceChangedError` unless it is the same file, byte by byte."""
        if Seen.at(path) != self:
            raise _changed(path)


@contextmanager
def proving(source: Path, archive: Path) -> Iterator[Proof]:
    """Prove that readers inside the context get these very bytes; errors as `Seen.at`."""
    versions = version_of(source), version_of(archive)
    source_before, archive_before = Seen.at(source), Seen.at(archive)
    yield Proof(source_before.sha256, archive_before.sha256, *versions)
    source_before.check(source)
    archive_before.check(archive)


def share_file_or_folder(path: Path, other: Path) -> bool:
    """Whether two names lead to one file, or lie in one folder: by links, hard links or mounts."""
    try:
        return path.samefile(other) or path.parent.samefile(other.parent)
    except OSError:
        return False


def _hash_of(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _extents(file: BinaryIO, size_bytes: int) -> list[tuple[int, int]]:
    """Return (offset, length) of the pages to read, the footer last."""
    file.seek(max(0, size_bytes - _TAIL_BYTES))
    footer_bytes = int.from_bytes(file.read(_TAIL_BYTES)[:4], "little") + _TAIL_BYTES
    body_bytes = max(0, size_bytes - footer_bytes)
    footer = (body_bytes, size_bytes - body_bytes)
    if body_bytes <= _PAGES * _PAGE_BYTES:
        return [(0, body_bytes), footer]
    stride = (body_bytes - _PAGE_BYTES) / (_PAGES - 1)
    return [(round(page * stride), _PAGE_BYTES) for page in range(_PAGES)] + [footer]


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (*identity_of_status(status), status.st_ctime_ns)


def _changed(path: Path) -> SourceChangedError:
    return SourceChangedError(
        "changed while it was read",
        where=str(path),
        remedy="run again once nobody writes to it",
    )
