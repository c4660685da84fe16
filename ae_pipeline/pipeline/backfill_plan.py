"""Plan a backfill: which fragments are to be written, and why. Reads, writes nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ae_pipeline.config import BackfillConfig, EncodeJob
from ae_pipeline.pipeline.coders import check_settings, find_coder
from ae_pipeline.pipeline.dates import fragments_between, latest, latest_first
from ae_pipeline.pipeline.destination import check_apart, check_kind
from ae_pipeline.pipeline.encode_plan import check_codec_kind
from ae_pipeline.pipeline.listed import tell_ignored
from ae_pipeline.pipeline.original import find_source
from ae_pipeline.pipeline.predicate import fragments_where
from ae_pipeline.pipeline.status import Destination, fragment_statuses, orphan_statuses
from ae_pipeline.results import BackfillPlan, PlannedFragment
from ae_pipeline.source import Fragment, Source, in_natural_order, known_values
from ae_pipeline.storage import read_marker

logger = logging.getLogger(__name__)


def plan_backfill(job: EncodeJob) -> BackfillPlan:
    """State of every fragment that `job.backfill` looks at, and what it selects of them.

    Raises:
        AePipelineError: of the source, the codec, the settings or the selection.
    """
    started = time.monotonic()
    root = Path(job.archive or job.features or "")
    kind: Literal["features", "archive"] = "features" if job.archive is None else "archive"
    check_kind(root, read_marker(root), kind)
    coder = find_coder(job, root)
    if coder is not None:
        check_codec_kind(coder, kind)
        check_settings(job, coder)
    destination = Destination.look(root, coder)
    source = find_source(job.source, destination.retired)
    tell_ignored(source, job.source)
    check_apart(source, root)
    statuses = _statuses(job, source, destination)
    return BackfillPlan(
        source=job.source,
        destination=str(root),
        kind=kind,
        codec_id=None if coder is None else coder.codec_id,
        fragments=tuple(_select(statuses, job.backfill)),
        seconds=time.monotonic() - started,
        is_dry_run=job.backfill.dry_run,
    )


def _statuses(job: EncodeJob, source: Source, destination: Destination) -> list[PlannedFragment]:
    """Of the fragments in the selected partitions, whether or not the source still has them."""
    known = {fragment.relative for fragment in source.fragments}
    gone = [one for one in destination.fragments() if one.relative not in known]
    everything = in_natural_order([*source.fragments, *gone])
    chosen = _of_partitions(everything, job.backfill)
    if everything and not chosen:
        _tell_what_there_is(everything, job.backfill)
    there = [fragment for fragment in chosen if fragment.relative in known]
    statuses = {
        status.relative: status
        for status in (
            *fragment_statuses(there, destination, job.execution.workers),
            *orphan_statuses(
                [one for one in chosen if one.relative not in known], destination, source.root
            ),
        )
    }
    return [statuses[fragment.relative] for fragment in chosen]


def _of_partitions(fragments: Sequence[Fragment], config: BackfillConfig) -> Sequence[Fragment]:
    """Those that predicate, range and lookback leave, in the order in which they are done."""
    if config.where is not None:
        fragments = fragments_where(fragments, config.where)
    if config.start is not None or config.end is not None:
        fragments = fragments_between(fragments, config.start, config.end)
    if config.lookback is not None:
        fragments = latest(fragments, config.lookback)
    return fragments if config.order == "asc" else latest_first(fragments)


def _tell_what_there_is(fragments: Sequence[Fragment], config: BackfillConfig) -> None:
    """Warn that nothing was selected: it is a typo, or the data is not there yet."""
    criteria = config.model_dump(include={"where", "start", "end"}, exclude_none=True)
    asked = ", ".join(f"backfill.{name} {value}" for name, value in criteria.items())
    logger.warning("no partition matches %s: there is %s", asked, known_values(fragments))


def _select(statuses: Sequence[PlannedFragment], config: BackfillConfig) -> list[PlannedFragment]:
    """Mark what is to be done."""
    left = len(statuses) if config.limit is None else config.limit
    planned = []
    for status in statuses:
        is_selected = status.state in config.only and status.has_source and left > 0
        left -= is_selected
        is_selected |= config.prune and status.state == "orphaned"
        planned.append(replace(status, is_selected=is_selected))
    return planned
