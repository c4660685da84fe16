"""Plan a backfill: which fragments are due, and why. The plan reads, and writes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment, Source, find_source, in_natural_order, tell_ignored
from ae_pipeline.formats import FragmentFormat, check_codec_kind, check_settings, find_format
from ae_pipeline.results.backfill import BackfillPlan, PlannedFragment
from ae_pipeline.selection import select_partitions
from ae_pipeline.storage import check_apart, check_kind, read_marker
from ae_pipeline.upkeep.orphans import orphan_warnings
from ae_pipeline.upkeep.removals import guard_removals, mark_replaceable
from ae_pipeline.upkeep.status import Destination, fragment_statuses, orphan_statuses

_Kind: TypeAlias = Literal["features", "archive"]


def plan_backfill(job: EncodeJob) -> BackfillPlan:
    """Find the state of every fragment that `job.backfill` looks at, and select what is due.

    Raises:
        AePipelineError: the source, the codec, the settings or the selection cannot be used.
    """
    started = time.monotonic()
    root = Path(job.archive or job.features or "")
    kind: _Kind = "features" if job.archive is None else "archive"
    format = _find_format(job, root, kind)
    destination = Destination.look(root, format)
    source = _find_source(job, destination)
    written = destination.fragments()
    fragments = _select(_statuses(job, source, written, destination), job.backfill)
    fragments = mark_replaceable(fragments, job.backfill, root)
    n_written, n_listed = len(written), len(source.fragments)
    fragments, warnings = guard_removals(job, fragments, n_written, n_listed, root)
    plan = BackfillPlan(
        source=job.source,
        destination=str(root),
        kind=kind,
        codec_id=None if format is None else format.codec_id,
        fragments=tuple(fragments),
        seconds=time.monotonic() - started,
        is_dry_run=job.backfill.dry_run,
    )
    return replace(plan, warnings=(*warnings, *_warnings_of_orphans(plan, written)))


def _find_format(job: EncodeJob, root: Path, kind: _Kind) -> FragmentFormat | None:
    """Return the format in use, checked against the job; None if a codec is to be fitted."""
    check_kind(root, read_marker(root), kind)
    format = find_format(job, root)
    if format is not None:
        check_codec_kind(format, kind)
        check_settings(job, format)
    return format


def _find_source(job: EncodeJob, destination: Destination) -> Source:
    source = find_source(job.source, destination.retired, destination.root)
    tell_ignored(source, job.source)
    check_apart(source, destination.root)
    return source


def _statuses(
    job: EncodeJob, source: Source, written: Sequence[Fragment], destination: Destination
) -> list[PlannedFragment]:
    """Return the status of each fragment in the selected partitions, gone from the source or not.

    The order is that in which they are done.
    """
    listed = {fragment.relative for fragment in source.fragments}
    everything = in_natural_order([*source.fragments, *_gone(source, written)])
    chosen = select_partitions(everything, job.backfill)
    due = [fragment for fragment in chosen if fragment.relative in listed]
    gone = [fragment for fragment in chosen if fragment.relative not in listed]
    statuses = {
        status.relative: status
        for status in (
            *fragment_statuses(due, destination, job.execution.workers),
            *orphan_statuses(gone, destination, source.root),
        )
    }
    return [statuses[fragment.relative] for fragment in chosen]


def _gone(source: Source, written: Sequence[Fragment]) -> list[Fragment]:
    """Return fragments of the destination that the source does not list."""
    listed = {fragment.relative for fragment in source.fragments}
    gone = [one for one in written if one.relative not in listed]
    if source.is_single_file:  # files beside it are sources too, although none was named
        gone = [one for one in gone if not os.path.lexists(source.root / one.relative)]
    return gone


def _select(statuses: Sequence[PlannedFragment], config: BackfillConfig) -> list[PlannedFragment]:
    """Mark the fragments that are due, at most `config.limit` of those with a source."""
    left = len(statuses) if config.limit is None else config.limit
    planned = []
    for status in statuses:
        is_selected = status.state in config.only and status.has_source and left > 0
        left -= is_selected
        is_selected |= config.prune and status.state == "orphaned"
        planned.append(replace(status, is_selected=is_selected))
    return planned


def _warnings_of_orphans(plan: BackfillPlan, written: Sequence[Fragment]) -> tuple[str, ...]:
    """Warn of orphans that stay."""
    staying = {
        one.relative
        for one in plan.fragments
        if one.state == "orphaned" and not (one.is_selected or one.is_replaceable)
    }
    return orphan_warnings([one for one in written if one.relative in staying])
