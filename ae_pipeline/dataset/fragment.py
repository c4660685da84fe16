"""One Parquet file of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

#: What a file is on disk: device, inode, bytes, nanoseconds of its last change.
Identity = tuple[int, int, int, int]


@dataclass(frozen=True)
class Fragment:
    """One Parquet file of a dataset.

    Args:
        path: where it lies.
        relative: its path below the dataset's root, with `/` between parts.
        size_bytes: as found.
        int96: unit in which Arrow reads its timestamps of 96 bits, if it has any.
        identity: of the file that it must be when it is opened; None for whatever is there.
    """

    path: Path
    relative: str
    size_bytes: int
    int96: Literal["us", "ns"] = "us"
    identity: Identity | None = None

    @property
    def partition(self) -> str:
        """The folders it lies in, e.g. `year=2013/month=05`; `.` at the root."""
        return self.relative.rpartition("/")[0] or "."
