"""Remove from a dataset what its source no longer has, but not because a disk is not mounted."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from ae_pipeline.dataset import Fragment, find_source, fingerprint
from ae_pipeline.errors import AePipelineError, ConfigError, listing
from ae_pipeline.publish import remove
from ae_pipeline.results.backfill import BackfillPlan, PlannedFragment
from ae_pipeline.storage import read_notes, remove_note
from ae_pipeline.upkeep.orphans import source_root
from ae_pipeline.upkeep.status import footer_of
from ae_pipeline.work import Outcome

logger = logging.getLogger(__name__)

#: More than one file, and more than one of so many: a disk that is not mounted, or a typo.
_ONE_OF = 10
_NAMED = 3


def refusal(
    going: Sequence[PlannedFragment], n_archive: int, n_listed: int, dataset: Path
) -> ConfigError | None:
    """Why so much is not removed unless it is forced; None if it may go.

    Args:
        going: what would be removed.
        n_archive: files of the dataset.
        n_listed: files of the source.
        dataset: root of what they would be removed from.
    """
    n_most = max(1, n_archive // _ONE_OF)
    if not going or (n_listed and len(going) <= n_most):
        return None
    return ConfigError(
        f"{len(going):,} of {n_archive:,} files would be removed, since the source has them no more"
        if n_listed
        else f"{len(going):,} of {n_archive:,} files would be removed, since the source is empty",
        where=str(dataset),
        expected=f"at most {n_most:,}" if n_listed else "a source that lists files",
        got=listing([one.relative for one in going], _NAMED),
        remedy="see whether the source is whole (is its disk mounted?), then --force "
        "(execution.force) removes them",
    )


def prune(plan: BackfillPlan) -> None:
    """Remove what the plan says to, unless the source has it again, and what is empty then."""
    _remove(plan, [one.relative for one in plan.pruned])


def remove_replaced(plan: BackfillPlan, written: Outcome, checked: Outcome) -> tuple[str, ...]:
    """Remove orphans of partitions whose files are all there and some of which are new and right.

    Args:
        plan: which orphans may go.
        written: what was encoded.
        checked: what was read back and compared with the source.

    Returns:
        The names that are gone.
    """
    if not plan.replaceable or plan.is_dry_run:
        return ()
    failed = {failure.relative for failure in (*written.failures, *checked.failures)}
    compared = {result.relative for result in checked.results if result.errors is not None}
    whole = _whole_partitions(plan, compared, failed)
    names = [one.relative for one in plan.replaceable if one.partition in whole]
    for partition in sorted({one.partition for one in plan.replaceable} - whole):
        logger.warning("%s is not replaced: not all of its files were written and right", partition)
    return _remove(plan, names)


def _whole_partitions(
    plan: BackfillPlan, compared: Collection[str], failed: Collection[str]
) -> set[str]:
    """Those that list files, all of them encoded as they are now, one of them just compared."""
    root = Path(plan.destination)
    source = find_source(plan.source, read_notes(root, "retired"), root)
    listed: dict[str, list[Fragment]] = {}
    for fragment in source.fragments:
        listed.setdefault(fragment.partition, []).append(fragment)
    candidates = {one.partition for one in plan.replaceable}
    return {
        partition
        for partition in candidates & set(listed)
        if any(one.relative in compared for one in listed[partition])
        and all(one.relative not in failed and _is_encoded(one, root) for one in listed[partition])
    }


def _is_encoded(fragment: Fragment, root: Path) -> bool:
    footer = footer_of(root / fragment.relative)
    try:
        return footer is not None and footer.source_fingerprint == fingerprint(fragment)
    except (AePipelineError, OSError):
        return False


def _remove(plan: BackfillPlan, names: Sequence[str]) -> tuple[str, ...]:
    """Remove files of the destination that the source still does not have; names of these."""
    root, source = Path(plan.destination), source_root(plan.source)
    retired = read_notes(root, "retired") if names else {}
    gone = []
    for relative in names:
        path = root / relative
        # Looked at again, since a writer may replace files at this very moment.
        if relative in retired or not source.is_dir() or os.path.lexists(source / relative):
            continue
        remove(path)
        remove_note(root, "failed", relative)
        logger.info("removed %s: its source is gone", relative)
        _remove_empty(path.parent, root)
        gone.append(relative)
    return tuple(gone)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
