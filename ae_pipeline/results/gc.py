"""The result of a garbage collection."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.result import Result


@dataclass(frozen=True)
class Garbage:
    """A file or folder that nothing refers to any more, or an upload that never ended.

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
        garbage: files and folders in path order, then uploads.
        size_bytes: total size of the garbage.
        is_dry_run: nothing was removed.
        warnings: what could not be judged and stays.
        young: unreferenced files written within the grace period; they stay, too.
        n_uploads: entries of `garbage` that are multipart uploads which never ended.
        upload_bytes: their part of `size_bytes`.
    """

    dataset: str
    garbage: tuple[Garbage, ...]
    size_bytes: int
    is_dry_run: bool
    warnings: tuple[str, ...] = ()
    young: tuple[Garbage, ...] = ()
    n_uploads: int = 0
    upload_bytes: int = 0
