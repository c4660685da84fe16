"""Garbage collection: remove from an ae-pipeline dataset what nothing has needed for a while."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

from ae_pipeline.config.paths import argument_place
from ae_pipeline.errors import ConfigError, DestinationExistsError, SourceNotFoundError
from ae_pipeline.results.gc import Garbage, GarbageReport
from ae_pipeline.storage import Marker, name_within, read_marker
from ae_pipeline.store import place, visiting
from ae_pipeline.upkeep import collect_uploads, find_garbage, newest_and_size, remove_garbage

logger = logging.getLogger(__name__)

DAY_S = 86_400.0


def gc(dataset: str, grace_s: float = DAY_S, is_dry_run: bool = False) -> GarbageReport:
    """Remove leftovers of killed runs and unused former codecs; keep what decoding needs.

    Uploads to S3 that a kill cut short are aborted; where that is denied, a warning says so.

    Args:
        dataset: archive, features or decoded dataset.
        grace_s: seconds since the last write within which files stay: a run may need them.
        is_dry_run: report garbage without removing it.

    Raises:
        ConfigError: the grace period is negative or not a number, or the path is not local.
        SourceNotFoundError: the folder does not exist or cannot be read.
        DestinationExistsError: ae-pipeline did not write the folder.
        DestinationError: the folder cannot be written to.
    """
    dataset = argument_place(dataset, "DATASET")
    _check_grace(grace_s)
    with visiting([dataset]):
        return _gc(dataset, grace_s, is_dry_run)


def _gc(dataset: str, grace_s: float, is_dry_run: bool) -> GarbageReport:
    root = place(dataset)
    marker = _require_marker(root)
    written_before = time.time() - grace_s
    found, warnings = find_garbage(root, marker)
    garbage, young = [], []
    for path, reason in found:
        newest, size_bytes = newest_and_size(path)
        # Read the marker again: a run may have started to use a former codec meanwhile.
        if math.isinf(newest) or path.name == _require_marker(root).codec_id:
            continue
        one = Garbage(name_within(path, root), size_bytes, reason)
        if newest >= written_before:
            young.append(one)
            continue
        garbage.append(one)
        if not is_dry_run:
            remove_garbage(path, root)
            logger.info("removed %s: %d bytes, %s", path, size_bytes, reason)
    uploads = collect_uploads(root, written_before, is_dry_run)
    return GarbageReport(
        dataset,
        (*garbage, *uploads.garbage),
        sum(one.size_bytes for one in (*garbage, *uploads.garbage)),
        is_dry_run,
        (*warnings, *uploads.warnings),
        (*young, *uploads.young),
        len(uploads.garbage),
        sum(one.size_bytes for one in uploads.garbage),
    )


def _check_grace(grace_s: float) -> None:
    if not grace_s >= 0:
        raise ConfigError(
            "invalid grace period",
            where="grace",
            expected="a number of seconds, 0 or more",
            got=f"{grace_s:g} s",
            remedy="0 removes what runs at work may still need; the default is a day",
        )


def _require_marker(root: Path) -> Marker:
    marker = read_marker(root)
    if marker is not None:
        return marker
    if not root.is_dir():
        raise SourceNotFoundError("no such folder", where=str(root), remedy="check the path")
    raise DestinationExistsError(
        "not a dataset that ae-pipeline wrote, nothing is removed",
        where=str(root),
        expected="an archive, features or decoded tables",
        remedy="name the folder that encode, features or decode wrote",
    )
