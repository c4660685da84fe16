"""Garbage collection: remove from a dataset of ours what is not needed and has been so for long."""

from __future__ import annotations

import logging
import math
import os
import shutil
import stat
import time
from pathlib import Path

from ae_pipeline.config.paths import argument_path
from ae_pipeline.errors import ConfigError, DestinationExistsError, SourceNotFoundError
from ae_pipeline.publish import destination_errors, remove
from ae_pipeline.results.gc import Garbage, GarbageReport
from ae_pipeline.storage import PRIVATE_FOLDER, Marker, read_marker
from ae_pipeline.upkeep import find_garbage

logger = logging.getLogger(__name__)

DAY_S = 86_400.0


def gc(dataset: str, grace_s: float = DAY_S, is_dry_run: bool = False) -> GarbageReport:
    """Remove what is left of killed runs and of former codecs; what decoding needs stays.

    Args:
        dataset: archive, features or decoded dataset.
        grace_s: what was written to in the last so many seconds stays; a run may be at work.
        is_dry_run: only tell.

    Raises:
        ConfigError: the grace is no number of seconds from 0 on, or the path is no local one.
        SourceNotFoundError: nothing is there, or it cannot be read.
        DestinationExistsError: it is no dataset of ours.
        DestinationError: it cannot be written.
    """
    dataset = argument_path(dataset, "DATASET")
    _check_grace(grace_s)
    root = Path(dataset)
    marker = _require_marker(root)
    written_before = time.time() - grace_s
    found, warnings = find_garbage(root, marker)
    garbage, young = [], []
    for path, reason in found:
        newest, size_bytes = _newest_and_size(path)
        # Looked at again, because a run may have taken a former codec in use meanwhile.
        if math.isinf(newest) or path.name == _require_marker(root).codec_id:
            continue
        one = Garbage(path.relative_to(root).as_posix(), size_bytes, reason)
        if newest >= written_before:
            young.append(one)
            continue
        garbage.append(one)
        if not is_dry_run:
            _remove(path, root)
            logger.info("removed %s: %d bytes, %s", path, size_bytes, reason)
    n_bytes = sum(one.size_bytes for one in garbage)
    return GarbageReport(dataset, tuple(garbage), n_bytes, is_dry_run, warnings, tuple(young))


def _check_grace(grace_s: float) -> None:
    if not grace_s >= 0:
        raise ConfigError(
            "no grace period",
            where="grace",
            expected="a number from 0 on",
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


def _newest_and_size(path: Path) -> tuple[float, int]:
    """When it was last written to, in seconds since the epoch, and bytes of all its files.

    What has gone meanwhile is not old.
    """
    paths = [path, *(path.rglob("*") if path.is_dir() else ())]
    states = [state for state in map(_status, paths) if state is not None]
    newest = max((state.st_mtime for state in states), default=math.inf)
    return newest, sum(state.st_size for state in states if not stat.S_ISDIR(state.st_mode))


def _status(path: Path) -> os.stat_result | None:
    """None if it has gone: runs clear up after themselves."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _remove(path: Path, root: Path) -> None:
    """Remove a file or folder, and private folders that are empty then."""
    with destination_errors(path):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            remove(path)
        folder = path.parent
        while root / PRIVATE_FOLDER in folder.parents and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
