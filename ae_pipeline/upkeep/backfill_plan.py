"""Plan a backfill: which fragments are due, and why. The plan reads, and writes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment, Source, find_source, in_natural_order, tell_ignored
from ae_pipeline.formats import (
    FragmentFormat,
    check_kind_of_codec,
    check_settings,
    destination_of,
    find_format,
    format_of,
)
from ae_pipeline.results.backfill import BackfillPlan, PlannedFragment
from ae_pipeline.selection import select_partitions
from ae_pipeline.storage import check_apart, check_kind, read_marker, read_notes
from ae_pipeline.store import is_there
from ae_pipeline.upkeep.finding import Destination
from ae_pipeline.upkeep.orphans import orphan_warnings
from ae_pipeline.upkeep.removals import guard_removals, mark_replaceable
from ae_pipeline.upkeep.status import fragment_statuses, orphan_statuses


def list_source(job: EncodeJob) -> Source:
    """List the source of a job, for all of its steps.

    Raises:
        SourceError: it does not exist, or is empty although not all of it was deleted.
    """
    root = destination_of(job)
    return find_source(job.source, read_notes(root, "retired"), root)


def plan_backfill(job: EncodeJob, source: Source | None = None) -> BackfillPlan:
    """Find the state of every fragment that `job.backfill` looks at, and select what is due.

    Args:
        job: settings.
        source: as `list_source` found it; None to list it.

    Raises:
        AePipelineError: the source, the codec, the settings or the selection cannot be used.
    """
    started = time.monotonic()
    format = _checked_format(job)
    destination = Destination.look(destination_of(job), format)
    source = list_source(job) if source is None else source
    tell_ignored(source, job.source)
    check_apart(source, destination.root)
    n_written, gone = _written(source, destination)
    fragments = _select(_statuses(job, source, gone, destination), job.backfill)
    fragments = mark_replaceable(fragments, job.backfill, destination.root)
    fragments, warnings = guard_removals(
        job, fragments, n_written, len(source.fragments), destination.root
    )
    plan = BackfillPlan(
        source=job.source,
        destination=str(destination.root),
        kind=format_of(job).kind,
        codec_id=None if format is None else format.codec_id,
        fragments=tuple(fragments),
        seconds=time.monotonic() - started,
        is_dry_run=job.backfill.dry_run,
    )
    return replace(plan, warnings=(*warnings, *_warnings_of_orphans(plan, gone)))


def _checked_format(job: EncodeJob) -> FragmentFormat | None:
    """Return the format in use, checked against the job; None if a codec is to be fitted."""
    root = destination_of(job)
    check_kind(root, read_marker(root), format_of(job).kind)
    format = find_format(job, root)
    if format is not None:
        check_kind_of_codec(job, format)
        check_settings(job, format)
    return format


def _statuses(
    job: EncodeJob, source: Source, gone: Sequence[Fragment], destination: Destination
) -> list[PlannedFragment]:
    """Return the status of each fragment in the selected partitions, gone from the source or not.

    The order is that in which they are done.
    """
    listed = {fragment.relative for fragment in source.fragments}
    everything = in_natural_order([*source.fragments, *gone]) if gone else source.fragments
    chosen = select_partitions(everything, job.backfill)
    due = tuple(fragment for fragment in chosen if fragment.relative in listed)
    gone = [fragment for fragment in chosen if fragment.relative not in listed]
    statuses = {
        status.relative: status
        for status in (
            *fragment_statuses(replace(source, fragments=due), destination, job.execution),
            *orphan_statuses(gone, destination, source.root),
        )
    }
    return [statuses[fragment.relative] for fragment in chosen]


def _written(source: Source, destination: Destination) -> tuple[int, list[Fragment]]:
    """Count the fragments of the destination; return those that the source does not list."""
    written = destination.fragments()
    listed = {fragment.relative for fragment in source.fragments}
    gone = [one for one in written if one.relative not in listed]
    if source.is_single_file:  # files beside it are sources too, although none was named
        gone = [one for one in gone if not is_there(source.root / one.relative)]
    return len(written), gone


def _select(statuses: Sequence[PlannedFragment], config: BackfillConfig) -> list[PlannedFragment]:
    """Mark the fragments that are due, at most `config.limit` of those with a source."""
    left = len(statuses) if config.limit is None else config.limit
    planned = []
    for status in statuses:
        is_selected = status.state in config.only and status.has_source and left > 0
        left -= is_selected
        is_selected |= config.prune and status.state == "orphaned"
        planned.append(replace(status, is_selected=True) if is_selected else status)
    return planned


def _warnings_of_orphans(plan: BackfillPlan, gone: Sequence[Fragment]) -> tuple[str, ...]:
    """Warn of orphans that stay."""
    staying = {
        one.relative
        for one in plan.fragments
        if one.state == "orphaned" and not (one.is_selected or one.is_replaceable)
    }
    return orphan_warnings([one for one in gone if one.relative in staying])
