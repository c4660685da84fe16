"""What a garbage collection found in a dataset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Garbage:
    """A file or folder that nothing refers to any more.

    Args:
        relative: path below the dataset's root.
        size_bytes: of all its files.
        reason: why it is not needed.
    """

    relative: str
    size_bytes: int
    reason: str


@dataclass(frozen=True)
class Collected:
    """What was removed, or would be.

    Args:
        dataset: dataset that was looked at.
        garbage: in the order of paths.
        size_bytes: of all of it.
        is_dry_run: nothing was removed.
        warnings: what could not be decided, and stays.
        young: what nothing refers to either, but was written to within the grace period; it stays.
    """

    dataset: str
    garbage: tuple[Garbage, ...]
    size_bytes: int
    is_dry_run: bool
    warnings: tuple[str, ...] = ()
    young: tuple[Garbage, ...] = ()
