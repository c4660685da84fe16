"""A fragment's identity, cheap enough to take on every run.

Not a checksum of every byte: it reads the footer, which holds the size, offset and statistics of
each column of each row group, and a few pages spread over the file. Rewriting a fragment with
other values changes it unless every compressed size and every sampled page stay the same.
Modification times are left out: copying a dataset does not make it stale.
"""

from __future__ import annotations

import hashlib
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.opening import opened

_PAGES = 16
_PAGE_BYTES = 4096
_TAIL_BYTES = 8


def fingerprint(fragment: Fragment) -> str:
    """32 hex digits from path, size, footer and sampled content.

    A file that is no Parquet has one, too; reading it will tell.

    Raises:
        FragmentReplacedError: the file is not the one that was pinned.
        SourceNotFoundError: the file is gone or may not be read.
    """
    digest = hashlib.sha256()
    with opened(fragment) as file:
        size_bytes = file.seek(0, 2)
        digest.update(f"{fragment.relative}\0{size_bytes}\0".encode())
        for offset, length in _extents(file, size_bytes):
            file.seek(offset)
            digest.update(file.read(length))
    return digest.hexdigest()[:32]


def file_hash(path: Path) -> str:
    """SHA-256 of every byte of a file, as hex digits."""
    with path.open("rb") as file:
        return hash_of(file)


def fragment_hash(fragment: Fragment) -> str:
    """SHA-256 of every byte of a fragment, as hex digits; errors as `fingerprint`."""
    with opened(fragment) as file:
        return hash_of(file)


def hash_of(file: BufferedReader) -> str:
    """As `file_hash`, of a file that was just opened."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def _extents(file: BinaryIO, size_bytes: int) -> list[tuple[int, int]]:
    """(offset, length) of the pages to read, the footer last."""
    file.seek(max(0, size_bytes - _TAIL_BYTES))
    footer_bytes = int.from_bytes(file.read(_TAIL_BYTES)[:4], "little") + _TAIL_BYTES
    body_bytes = max(0, size_bytes - footer_bytes)
    footer = (body_bytes, size_bytes - body_bytes)
    if body_bytes <= _PAGES * _PAGE_BYTES:
        return [(0, body_bytes), footer]
    stride = (body_bytes - _PAGE_BYTES) / (_PAGES - 1)
    return [(round(page * stride), _PAGE_BYTES) for page in range(_PAGES)] + [footer]
