"""Decide which files of a dataset may be removed, and refuse to remove suspiciously many.

Nothing is removed here; `prune` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.results.backfill import PlannedFragment
from ae_pipeline.storage import read_unchecked

#: Without force a run removes at most one file, or one in ten. More suggests a disk that is not
#: mounted, or a typo.
_ONE_IN = 10
_NAMED = 3


def mark_replaceable(
    fragments: Sequence[PlannedFragment], config: BackfillConfig, root: Path
) -> list[PlannedFragment]:
    """Mark orphans in partitions that this run writes to, or that a killed run wrote to.

    Orphans of partitions in which the source has no fragment are never marked.
    """
    if not config.replace_partitions:
        return list(fragments)
    unchecked = read_unchecked(root)
    renewed = {
        one.partition
        for one in fragments
        if one.has_source and (one.is_selected or one.relative in unchecked)
    }

    def is_replaceable(one: PlannedFragment) -> bool:
        return one.state == "orphaned" and not one.is_selected and one.partition in renewed

    return [replace(one, is_replaceable=is_replaceable(one)) for one in fragments]


def guard_removals(
    job: EncodeJob, fragments: list[PlannedFragment], n_written: int, n_listed: int, root: Path
) -> tuple[list[PlannedFragment], tuple[str, ...]]:
    """Check that a run does not remove too much; a dry run warns, a run refuses.

    Args:
        job: settings; `execution.force` allows any removal.
        fragments: what the run would do.
        n_written: files of the dataset.
        n_listed: files of the source.
        root: of the dataset.

    Returns:
        The fragments, none of them replaceable if too many were, and warnings.

    Raises:
        ConfigError: pruning would remove too much.
    """
    pruned = [one for one in fragments if one.is_selected and one.state == "orphaned"]
    going = [*pruned, *(one for one in fragments if one.is_replaceable)]
    refused = None if job.execution.force else _refusal(going, n_written, n_listed, root)
    if refused is None:
        return fragments, ()
    if pruned and not job.backfill.dry_run:
        raise refused
    if not job.backfill.dry_run:  # the new files are written all the same
        fragments = [replace(one, is_replaceable=False) for one in fragments]
    return fragments, (str(refused),)


def _refusal(
    going: Sequence[PlannedFragment], n_written: int, n_listed: int, root: Path
) -> ConfigError | None:
    """Return why so many files are removed only by force, or None if they may go."""
    most = max(1, n_written // _ONE_IN)
    if not going or (n_listed and len(going) <= most):
        return None
    why = "the source no longer has them" if n_listed else "the source is empty"
    return ConfigError(
        f"{len(going):,} of {n_written:,} files would be removed, since {why}",
        where=str(root),
        expected=f"at most {most:,}" if n_listed else "a source that lists files",
        got=listing([one.relative for one in going], _NAMED),
        remedy="see whether the source is whole (is its disk mounted?), then --force "
        "(execution.force) removes them",
    )
