"""One Parquet file of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ae_pipeline.store import Entry

#: A file on disk: device, inode, bytes, nanoseconds of its last modification.
Identity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Fragment:
    """One Parquet file of a dataset.

    Args:
        path: of the file.
        relative: its path below the dataset's root, with `/` between parts.
        size_bytes: size of the file when it was listed.
        int96: unit in which Arrow reads its timestamps of 96 bits, if it has any.
        identity: the only file that may be opened under this path; None for any.
        version: of the object, if it lies in an object store.
    """

    path: Path
    relative: str
    size_bytes: int
    int96: Literal["us", "ns"] = "us"
    identity: Identity | None = None
    version: Entry | None = None

    @property
    def partition(self) -> str:
        """The folders above it, e.g. `year=2013/month=05`; `.` at the root."""
        return self.relative.rpartition("/")[0] or "."
