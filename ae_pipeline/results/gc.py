"""The result of a garbage collection."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.result import Result


@dataclass(frozen=True)
class Garbage:
    """A file or folder that nothing refers to any more.

    Args:
        relative: path below the dataset's root.
        size_bytes: size of all its files.
        reason: why it is not needed.
    """

    relative: str
    size_bytes: int
    reason: str


@dataclass(frozen=True, repr=False)
class GarbageReport(Result):
    """Garbage that was removed, or would be in a dry run.

    Args:
        dataset: path of the dataset that was searched.
        garbage: files and folders, in path order.
        size_bytes: total size of the garbage.
        is_dry_run: nothing was removed.
        warnings: files that could not be judged and stay.
        young: unreferenced files written within the grace period; they stay, too.
    """

    dataset: str
    garbage: tuple[Garbage, ...]
    size_bytes: int
    is_dry_run: bool
    warnings: tuple[str, ...] = ()
    young: tuple[Garbage, ...] = ()
