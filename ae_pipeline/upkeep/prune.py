"""Remove from a dataset what its source no longer has (`removals` decides what that is)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from pathlib import Path

from ae_pipeline.dataset import Fragment, find_source, fingerprint
from ae_pipeline.errors import AePipelineError
from ae_pipeline.publish import remove
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.storage import read_notes, remove_note
from ae_pipeline.store import is_there, place
from ae_pipeline.upkeep.footers import footer_of
from ae_pipeline.upkeep.orphans import source_root
from ae_pipeline.work import Outcome

logger = logging.getLogger(__name__)


def prune(plan: BackfillPlan) -> None:
    """Remove the files that the plan prunes, and folders that are empty then.

    Files that the source has again stay.
    """
    _remove(plan, [one.relative for one in plan.pruned])


def remove_replaced(plan: BackfillPlan, written: Outcome, checked: Outcome) -> tuple[str, ...]:
    """Remove orphans of partitions in which every file is encoded and a new one was just verified.

    Args:
        plan: which orphans may go.
        written: outcome of encoding.
        checked: outcome of reading back and comparing with the source.

    Returns:
        The names that were removed.
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
    """Return partitions whose listed files are all encoded as they are now, and one was compared.

    The source must list at least one file in them.
    """
    root = place(plan.destination)
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
    """Remove files of the destination that the source still lacks; return their names."""
    root, source = place(plan.destination), source_root(plan.source)
    retired = read_notes(root, "retired") if names else {}
    gone = []
    for relative in names:
        path = root / relative
        # Checked again, since a writer may be replacing files at this very moment.
        if relative in retired or not source.is_dir() or is_there(source / relative):
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
