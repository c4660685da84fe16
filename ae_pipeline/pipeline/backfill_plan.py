"""Plan a backfill: which fragments are to be written, and why. Reads, writes nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config import BackfillConfig, EncodeJob
from ae_pipeline.pipeline.coders import check_settings, find_coder
from ae_pipeline.pipeline.dates import fragments_between
from ae_pipeline.pipeline.destination import check_apart
from ae_pipeline.pipeline.original import find_source
from ae_pipeline.pipeline.predicate import fragments_where
from ae_pipeline.pipeline.status import Destination, fragment_statuses, orphan_statuses
from ae_pipeline.results import BackfillPlan, PlannedFragment
from ae_pipeline.source import Fragment, Source, in_natural_order


def plan_backfill(job: EncodeJob) -> BackfillPlan:
    """State of every fragment that `job.backfill` looks at, and what it selects of them.

    Raises:
        AePipelineError: of the source, the codec, the settings or the selection.
    """
    started = time.monotonic()
    root = Path(job.archive or job.features or "")
    coder = find_coder(job, root)
    if coder is not None:
        check_settings(job, coder)
    destination = Destination.look(root, coder)
    source = find_source(job.source, destination.retired)
    check_apart(source, root)
    statuses = _statuses(job, source, destination)
    return BackfillPlan(
        source=job.source,
        destination=str(root),
        kind="features" if job.archive is None else "archive",
        codec_id=None if coder is None else coder.codec_id,
        fragments=tuple(_select(statuses, job.backfill)),
        seconds=time.monotonic() - started,
    )


def _statuses(job: EncodeJob, source: Source, destination: Destination) -> list[PlannedFragment]:
    """Of the fragments in the selected partitions, whether or not the source still has them."""
    known = {fragment.relative for fragment in source.fragments}
    gone = [one for one in destination.fragments() if one.relative not in known]
    chosen = _of_partitions(in_natural_order([*source.fragments, *gone]), job.backfill)
    there = [fragment for fragment in chosen if fragment.relative in known]
    statuses = {
        status.relative: status
        for status in (
            *fragment_statuses(there, destination, job.execution.workers),
            *orphan_statuses([one for one in chosen if one.relative not in known], destination),
        )
    }
    return [statuses[fragment.relative] for fragment in chosen]


def _of_partitions(fragments: Sequence[Fragment], config: BackfillConfig) -> Sequence[Fragment]:
    """Those that predicate, range and lookback leave."""
    if config.where is not None:
        fragments = fragments_where(fragments, config.where)
    if fragments and (config.start is not None or config.end is not None):
        fragments = fragments_between(fragments, config.start, config.end)
    if config.lookback is not None:
        partitions = list(dict.fromkeys(fragment.partition for fragment in fragments))
        last = set(partitions[-config.lookback :])
        fragments = [fragment for fragment in fragments if fragment.partition in last]
    return fragments


def _select(statuses: Sequence[PlannedFragment], config: BackfillConfig) -> list[PlannedFragment]:
    """Mark what is to be done, in the order in which it is."""
    ordered = list(statuses) if config.order == "asc" else list(reversed(statuses))
    left = len(ordered) if config.limit is None else config.limit
    planned = []
    for status in ordered:
        is_selected = status.state in config.only and status.has_source and left > 0
        left -= is_selected
        is_selected |= config.prune and status.state == "orphaned"
        planned.append(replace(status, is_selected=is_selected))
    return planned
