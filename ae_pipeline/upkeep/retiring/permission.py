"""Refuse to delete objects that nobody would have any more, unless the job accepts that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ae_pipeline.config.job import ACCEPT_UNVERSIONED, VERSIONS_WANTED, CompressJob
from ae_pipeline.errors import ConfigError
from ae_pipeline.lake import source_place
from ae_pipeline.store import Deletions, deletions_in


@contextmanager
def deletions_of(job: CompressJob) -> Iterator[Deletions | None]:
    """Yield the deletions in the bucket of a job's source; None for files.

    Raises:
        ConfigError: the bucket keeps no versions, and the job does not accept that.
        MissingExtraError: boto3 is not installed.
        StoreError: the store does not tell what it keeps.
    """
    accepts = job.retention.unversioned == "accept"
    with deletions_in(source_place(job.source), may_keep_none=accepts) as deletions:
        if deletions is not None and not (deletions.keeps_versions or accepts):
            raise ConfigError(
                "bucket keeps no versions of what is deleted",
                where=job.source,
                expected=VERSIONS_WANTED,
                remedy=f"turn versioning on, {ACCEPT_UNVERSIONED}",
            )
        yield deletions


def check_deletable(job: CompressJob) -> None:
    """Raise as `deletions_of` before anything is written, if the job deletes sources."""
    if job.retention.delete_source != "never":
        with deletions_of(job):
            return
