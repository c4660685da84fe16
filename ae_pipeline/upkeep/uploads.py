"""Abort the uploads to a dataset in S3 that a kill cut short, however many parts they have."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from ae_pipeline.errors import MissingExtraError, StoreError
from ae_pipeline.results.gc import Garbage
from ae_pipeline.store import Uploads, uploads_to

logger = logging.getLogger(__name__)

_REASON = "an upload that never ended"


@dataclass(frozen=True)
class Collected:
    """Uploads that have not ended.

    Args:
        garbage: those without a part within the grace period: aborted, unless in a dry run.
        young: the others, which may still go on.
        warnings: why they could not be looked for, or aborted.
    """

    garbage: list[Garbage] = field(default_factory=list)
    young: list[Garbage] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def collect_uploads(root: Path, written_before: float, is_dry_run: bool) -> Collected:
    """Abort the uploads below a folder that are older than the grace period.

    Args:
        root: of the dataset.
        written_before: seconds since the epoch; uploads with a part since then stay.
        is_dry_run: find them, and abort none.
    """
    collected = Collected()
    try:
        with uploads_to(root) as uploads:
            if uploads is not None:
                _collect(uploads, collected, written_before, is_dry_run)
    except (MissingExtraError, StoreError) as error:
        collected.warnings.append(f"uploads that never ended stay: {error}")
    return collected


def _collect(
    uploads: Uploads, collected: Collected, written_before: float, is_dry_run: bool
) -> None:
    for upload in uploads.find():
        one = Garbage(upload.relative, upload.size_bytes, _REASON)
        if upload.newest_s >= written_before:
            collected.young.append(one)
            continue
        if not is_dry_run:
            uploads.abort(upload)
            logger.info("aborted an upload of %s: %d bytes", one.relative, one.size_bytes)
        collected.garbage.append(one)
