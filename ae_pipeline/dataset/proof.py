"""Prove which bytes were compared: both files are hashed before and after, and stay the same file.

Both times, because a rewrite in place, a rename over it and rot may come in between. A file that is
changed and changed back has another change time, which no program can set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.dataset.fingerprint import hash_of
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.opening import identity_of_status, reading_errors
from ae_pipeline.errors import SourceChangedError
from ae_pipeline.results.dataset import Proof


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
        """Read all of it.

        Raises:
            SourceNotFoundError: it is gone, or not ours to read.
            SourceChangedError: it is written to, or replaced, at this moment.
        """
        with reading_errors(Fragment(path, path.name, 0)):
            with path.open("rb") as file:
                identity = _identity(os.fstat(file.fileno()))
                sha256 = hash_of(file)
            if _identity(path.stat()) != identity:
                raise _changed(path)
        return cls(identity, sha256)

    def is_still(self, path: Path) -> bool:
        """Whether nobody has written to it or replaced it, as far as its times tell."""
        with reading_errors(Fragment(path, path.name, 0)):
            return _identity(path.stat()) == self.identity

    def check(self, path: Path) -> None:
        """Read all of it again; `SourceChangedError` unless it is the same file, byte by byte."""
        if Seen.at(path) != self:
            raise _changed(path)


@contextmanager
def proving(source: Path, archive: Path) -> Iterator[Proof]:
    """Prove that what is read inside are these very bytes; errors as `Seen.at`."""
    originally, encoded = Seen.at(source), Seen.at(archive)
    yield Proof(originally.sha256, encoded.sha256)
    originally.check(source)
    encoded.check(archive)


def share_file_or_folder(path: Path, other: Path) -> bool:
    """Whether two names lead to one file, or lie in one folder: by links, hard links or mounts."""
    try:
        return path.samefile(other) or path.parent.samefile(other.parent)
    except OSError:
        return False


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (*identity_of_status(status), status.st_ctime_ns)


def _changed(path: Path) -> SourceChangedError:
    return SourceChangedError(
        "changed while it was read",
        where=str(path),
        remedy="run again once it is at rest",
    )
